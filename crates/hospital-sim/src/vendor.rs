//! The response bodies of the vendors: each has codes of its own for the same result.

use http::StatusCode;

use super::verify_request::VerifyResult;

/// The prepared responses of a vendor.
pub(crate) struct Vendor {
    pub path: &'static str,
    pub matching: &'static str,
    pub mismatch: &'static str,
    pub not_found: &'static str,
    pub illegal: &'static str,
    /// The service is unavailable.
    pub busy: (StatusCode, &'static str),
    /// The client is not permitted.
    pub refused: (StatusCode, &'static str),
}

impl Vendor {
    pub(crate) fn body(&self, result: VerifyResult) -> &'static str {
        match result {
            VerifyResult::Match => self.matching,
            VerifyResult::Mismatch => self.mismatch,
            VerifyResult::NotFound => self.not_found,
            VerifyResult::Illegal => self.illegal,
        }
    }
}

/// `/verify` and three vendors, which report failures with status 200.
pub(crate) static VENDORS: [Vendor; 4] = [
    Vendor {
        path: "/verify",
        matching: r#"{"result":"match"}"#,
        mismatch: r#"{"result":"mismatch"}"#,
        not_found: r#"{"result":"not_found"}"#,
        illegal: r#"{"result":"illegal"}"#,
        busy: (StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"simulated"}"#),
        refused: (StatusCode::NOT_FOUND, r#"{"error":"simulated"}"#),
    },
    Vendor {
        path: "/vendor/tencent",
        matching: r#"{"Response":{"Result":"0","Description":"same","RequestId":"simulated"}}"#,
        mismatch: r#"{"Response":{"Result":"-1","Description":"not the same","RequestId":"simulated"}}"#,
        not_found: r#"{"Response":{"Result":"-5","Description":"no record","RequestId":"simulated"}}"#,
        illegal: r#"{"Response":{"Result":"-2","Description":"illegal id","RequestId":"simulated"}}"#,
        busy: (
            StatusCode::OK,
            r#"{"Response":{"Result":"-4","Description":"library fails","RequestId":"simulated"}}"#,
        ),
        refused: (
            StatusCode::OK,
            r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"wrong signature"},"RequestId":"simulated"}}"#,
        ),
    },
    Vendor {
        path: "/vendor/aliyun",
        matching: r#"{"Code":"200","Message":"success","RequestId":"simulated","ResultObject":{"BizCode":"1"}}"#,
        mismatch: r#"{"Code":"200","Message":"success","RequestId":"simulated","ResultObject":{"BizCode":"2"}}"#,
        not_found: r#"{"Code":"200","Message":"success","RequestId":"simulated","ResultObject":{"BizCode":"3"}}"#,
        illegal: r#"{"Code":"401","Message":"illegal parameter","RequestId":"simulated"}"#,
        busy: (StatusCode::OK, r#"{"Code":"402","Message":"authority down","RequestId":"simulated"}"#),
        refused: (StatusCode::OK, r#"{"Code":"411","Message":"no right","RequestId":"simulated"}"#),
    },
    Vendor {
        path: "/vendor/checkup",
        matching: r#"{"code":1,"message":"ok","data":{"result":0}}"#,
        mismatch: r#"{"code":1,"message":"ok","data":{"result":-1}}"#,
        not_found: r#"{"code":1,"message":"ok","data":{"result":-5}}"#,
        illegal: r#"{"code":1,"message":"ok","data":{"result":-2}}"#,
        busy: (StatusCode::OK, r#"{"code":0,"message":"busy","data":null}"#),
        // This vendor has only code 0 for failures.
        refused: (StatusCode::OK, r#"{"code":0,"message":"wrong key","data":null}"#),
    },
];
