//! A file of the archive: observations as Parquet, a column for each part of them.
//!
//! The same rows give the same bytes, so a file that is written twice is one file.

use super::column::{COLUMNS, Cell, Column, ID, Kind, Row};
use crate::http::Failure;
use bytes::Bytes;
use parquet::{
    basic::{Compression, GzipLevel, LogicalType, Repetition, TimeUnit, Type as Physical},
    column::reader::get_typed_column_reader,
    data_type::{
        ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int64Type,
    },
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties},
        reader::{FileReader as _, SerializedFileReader},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::types::{ColumnPath, Type},
};
use std::sync::Arc;

/// The form of the files: their columns and what these mean.
pub(super) const SCHEMA: u32 = 1;

impl From<ParquetError> for Failure {
    fn from(problem: ParquetError) -> Self {
        Self::Internal(format!("a file of the archive: {problem}"))
    }
}

/// The rows as a file, in the order of their ids.
pub(super) fn write(rows: &mut [Row]) -> Result<Vec<u8>, Failure> {
    rows.sort_by(|one, other| one.0.get(ID).cmp(&other.0.get(ID)));
    let mut writer = SerializedFileWriter::new(Vec::new(), schema()?, Arc::new(properties()?))?;
    if rows.is_empty() {
        return Ok(writer.into_inner()?);
    }
    let mut group = writer.next_row_group()?;
    for (at, column) in COLUMNS.iter().enumerate() {
        let cells = || rows.iter().map(move |row| row.0.get(at));
        match column.kind {
            Kind::Id => put::<FixedLenByteArrayType>(&mut group, cells(), |cell| match cell {
                Cell::Id(id) => Some(FixedLenByteArray::from(id.to_vec())),
                _ => None,
            }),
            Kind::Number | Kind::Time => put::<Int64Type>(&mut group, cells(), |cell| match cell {
                Cell::Number(number) => Some(*number),
                _ => None,
            }),
            Kind::Text => put::<ByteArrayType>(&mut group, cells(), |cell| match cell {
                Cell::Text(text) => Some(ByteArray::from(text.as_bytes().to_vec())),
                _ => None,
            }),
        }?;
    }
    group.close()?;
    Ok(writer.into_inner()?)
}

/// Writes the next column.
fn put<'a, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: impl Iterator<Item = Option<&'a Cell>>,
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<(), Failure> {
    let mut values = Vec::new();
    let mut levels = Vec::new();
    for cell in cells {
        let value = cell.and_then(&value);
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    let mut writer = group
        .next_column()?
        .ok_or_else(|| Failure::Internal(String::from("the archive has fewer columns")))?;
    writer
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)?;
    writer.close()?;
    Ok(())
}

/// The rows of a file.
pub(super) fn read(file: Vec<u8>) -> Result<Vec<Row>, Failure> {
    let reader = SerializedFileReader::new(Bytes::from(file))?;
    let mut rows = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let count = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let begin = rows.len();
        rows.resize_with(begin.saturating_add(count), || {
            Row(Vec::with_capacity(COLUMNS.len()))
        });
        for (at, column) in COLUMNS.iter().enumerate() {
            let found = group.get_column_reader(at)?;
            let cells = match column.kind {
                Kind::Id => {
                    let reader = get_typed_column_reader::<FixedLenByteArrayType>(found);
                    cells(reader, count, |id| {
                        <[u8; 16]>::try_from(id.data()).map_or(Cell::Nothing, Cell::Id)
                    })
                }
                Kind::Number | Kind::Time => {
                    let reader = get_typed_column_reader::<Int64Type>(found);
                    cells(reader, count, |number| Cell::Number(*number))
                }
                Kind::Text => {
                    let reader = get_typed_column_reader::<ByteArrayType>(found);
                    cells(reader, count, |text| {
                        Cell::Text(String::from_utf8_lossy(text.data()).into_owned())
                    })
                }
            }?;
            for (row, cell) in rows.iter_mut().skip(begin).zip(cells) {
                row.0.push(cell);
            }
        }
    }
    Ok(rows)
}

fn cells<T: DataType>(
    mut reader: parquet::column::reader::ColumnReaderImpl<T>,
    count: usize,
    cell: impl Fn(&T::T) -> Cell,
) -> Result<Vec<Cell>, Failure> {
    let mut levels = Vec::new();
    let mut values = Vec::new();
    let mut left = count;
    while left > 0 {
        let (records, _, _) = reader.read_records(left, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            break;
        }
        left = left.saturating_sub(records);
    }
    let mut values = values.iter();
    Ok(levels
        .into_iter()
        .map(|level| match level {
            0 => Cell::Nothing,
            _ => values.next().map_or(Cell::Nothing, &cell),
        })
        .collect())
}

fn schema() -> Result<Arc<Type>, Failure> {
    let fields = COLUMNS
        .iter()
        .map(|column| Ok(Arc::new(field(column)?)))
        .collect::<Result<_, Failure>>()?;
    Ok(Arc::new(
        Type::group_type_builder("observation")
            .with_fields(fields)
            .build()?,
    ))
}

fn field(column: &Column) -> Result<Type, Failure> {
    let (physical, logical) = match column.kind {
        Kind::Id => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Uuid)),
        Kind::Number => (Physical::INT64, None),
        Kind::Time => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
        ),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let field = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    Ok(match column.kind {
        Kind::Id => field.with_length(16),
        _ => field,
    }
    .build()?)
}

/// Few columns say something different in each row; of those a dictionary or bounds say nothing.
fn properties() -> Result<WriterProperties, Failure> {
    let mut properties = WriterProperties::builder()
        .set_created_by(String::from("goalpost"))
        .set_compression(Compression::GZIP(GzipLevel::try_new(6)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    for name in ["id", "body"] {
        let path = ColumnPath::from(name);
        properties = properties.set_column_dictionary_enabled(path, false);
    }
    let body = ColumnPath::from("body");
    Ok(properties
        .set_column_statistics_enabled(body, EnabledStatistics::None)
        .build())
}
