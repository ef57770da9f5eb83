//! Which columns of a location an answer needs: what is not asked for is not read.

/// A column, or a value computed beside the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Column {
    /// The layer's row number.
    Layer = 1,
    /// The name in its source.
    ExternalId = 1 << 1,
    /// The name a person reads.
    Name = 1 << 2,
    /// The geometry.
    Geometry = 1 << 3,
    /// The JSON object of properties.
    Properties = 1 << 4,
    /// The version number.
    Version = 1 << 5,
    /// Time of creation.
    CreatedAt = 1 << 6,
    /// Time of the last change.
    UpdatedAt = 1 << 7,
    /// Metres from `near`.
    Distance = 1 << 8,
    /// The account that made it.
    CreatedBy = 1 << 9,
    /// The account that changed it last.
    UpdatedBy = 1 << 10,
}

/// A set of [`Column`]s. The id is always read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns(u16);

impl Columns {
    /// The id alone.
    pub const ID: Self = Self(0);
    /// Everything but the distance, which only a question with `near` has.
    pub const STORED: Self = Self(0x6ff);

    /// Adds a column.
    #[must_use]
    pub const fn with(self, column: Column) -> Self {
        Self(self.0 | column as u16)
    }

    /// Whether the column is asked for.
    pub const fn has(self, column: Column) -> bool {
        self.0 & column as u16 != 0
    }
}

impl FromIterator<Column> for Columns {
    fn from_iter<I: IntoIterator<Item = Column>>(columns: I) -> Self {
        columns.into_iter().fold(Self::ID, Self::with)
    }
}
