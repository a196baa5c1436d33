//! Rows in COPY's binary format (<https://www.postgresql.org/docs/current/sql-copy.html>): by far the cheapest way
//! in, for rows that are not there yet. COPY knows no ON CONFLICT.

use sqlx::PgConnection;

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// The rows of a table, column by column.
pub(super) struct Rows {
    columns: u16,
    bytes: Vec<u8>,
}

impl Rows {
    /// Rows of so many columns, with room for so many bytes.
    pub(super) fn new(columns: u16, room: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER.len() + room + END.len());
        bytes.extend_from_slice(HEADER);
        Self { columns, bytes }
    }

    /// Begins a row.
    pub(super) fn row(&mut self) -> &mut Self {
        self.bytes.extend_from_slice(&self.columns.to_be_bytes());
        self
    }

    /// A text, a bytea, or nothing.
    pub(super) fn value<'a>(&mut self, value: impl Into<Option<&'a [u8]>>) -> &mut Self {
        match value.into() {
            // A field of a gigabyte is refused by the server; the length of a longer one would not be true.
            Some(value) => {
                let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
                self.bytes.extend_from_slice(&length.to_be_bytes());
                self.bytes.extend_from_slice(value);
            }
            None => self.bytes.extend_from_slice(&NULL),
        }
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.value(text.as_bytes())
    }

    pub(super) fn text_if_any(&mut self, text: Option<&str>) -> &mut Self {
        self.value(text.map(str::as_bytes))
    }

    pub(super) fn smallint(&mut self, number: i16) -> &mut Self {
        self.value(number.to_be_bytes().as_slice())
    }

    pub(super) fn bigint(&mut self, number: i64) -> &mut Self {
        self.value(number.to_be_bytes().as_slice())
    }

    pub(super) fn boolean(&mut self, value: bool) -> &mut Self {
        self.value([u8::from(value)].as_slice())
    }

    /// Sends the rows to a `COPY ... FROM STDIN (FORMAT binary)`.
    pub(super) async fn copy(mut self, connection: &mut PgConnection, statement: &str) -> sqlx::Result<()> {
        self.bytes.extend_from_slice(&END);
        let mut copy = connection.copy_in_raw(statement).await?;
        copy.send(self.bytes).await?;
        copy.finish().await.map(drop)
    }
}
