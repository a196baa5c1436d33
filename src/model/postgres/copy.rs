//! COPY in its binary format (<https://www.postgresql.org/docs/current/sql-copy.html>): by far the cheapest way to
//! write rows that do not exist yet. COPY knows no ON CONFLICT.

use std::marker::PhantomData;

use sqlx::PgConnection;

use crate::model::sql::table::{Table, Value, column_list};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// The COPY of a table.
pub(super) struct Copy<T> {
    text: String,
    table: PhantomData<fn() -> T>,
}

impl<T: Table> Copy<T> {
    pub(super) fn new() -> Self {
        let text = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", T::NAME, column_list::<T>());
        Self { text, table: PhantomData }
    }

    /// Writes the rows of a batch, which is given in binary.
    pub(super) async fn run<'r>(
        &self,
        connection: &mut PgConnection,
        batch: &[u8],
        rows: &'r [T::Row<'r>],
    ) -> sqlx::Result<()> {
        let bytes = encode::<T>(batch, rows);
        let mut copy = connection.copy_in_raw(&self.text).await?;
        copy.send(bytes).await?;
        copy.finish().await.map(drop)
    }
}

fn encode<'r, T: Table>(batch: &[u8], rows: &'r [T::Row<'r>]) -> Vec<u8> {
    let size: usize = rows.iter().map(T::size).sum();
    let mut bytes = Vec::with_capacity(HEADER.len() + size + END.len());
    bytes.extend_from_slice(HEADER);
    let columns = (1 + T::COLUMNS.len()) as u16;
    for row in rows {
        bytes.extend_from_slice(&columns.to_be_bytes());
        push(&mut bytes, Some(batch));
        for column in T::COLUMNS {
            match column.value {
                Value::Text(value) => push(&mut bytes, value(row).as_deref().map(str::as_bytes)),
                Value::Bytes(value) => push(&mut bytes, value(row)),
                Value::Smallint(value) => push(&mut bytes, Some(&value(row).to_be_bytes())),
                Value::Bigint(value) => push(&mut bytes, Some(&value(row).to_be_bytes())),
                Value::Boolean(value) => push(&mut bytes, Some(&[value(row).into()])),
            }
        }
    }
    bytes.extend_from_slice(&END);
    bytes
}

fn push(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    let Some(value) = value else { return bytes.extend_from_slice(&NULL) };
    // The server refuses a field of a gigabyte, so the length of a longer one need not be true.
    let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
}
