//! The bytes of a compiled plan: as compact as the measured libraries', with a fraction of their code.
//!
//! Numbers are variable-length (seven bits a byte, least significant first), texts and lists begin
//! with their length, an enum with the place of its variant. There are no names and no types in the
//! bytes: writer and reader are made from the same list of fields by one macro.

use alloc::{string::String, vec::Vec};

/// How deep a value may contain values of its own kind; plans are checked for less.
const DEPTH: u8 = 8;

/// The bytes that are still to be read.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    depth: u8,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            depth: DEPTH,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a value that may contain others of its kind: bytes from a network must not decide how
    /// deep a reader recurses.
    pub(crate) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth = self.depth.checked_sub(1)?;
        let value = read(self);
        self.depth = self.depth.saturating_add(1);
        value
    }
}

/// A value that a compiled plan is made of.
pub(crate) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    /// `None`: the bytes are no such value.
    fn take(from: &mut Reader<'_>) -> Option<Self>;
}

impl Wire for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or(0);
            rest >>= 7;
            if rest == 0 {
                out.push(low);
                return;
            }
            out.push(low | 0x80);
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        from.number()
    }
}

impl Wire for i64 {
    /// Zigzag: the sign in the lowest bit, so that small negative numbers are short too.
    fn put(&self, out: &mut Vec<u8>) {
        ((*self << 1) ^ (*self >> 63)).cast_unsigned().put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let number = from.number()?;
        Some((number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg())
    }
}

/// Narrower numbers travel as the wide ones.
macro_rules! narrow {
    ($($narrow:ty as $wide:ty),*) => {$(
        impl Wire for $narrow {
            fn put(&self, out: &mut Vec<u8>) {
                <$wide>::from(*self).put(out);
            }

            fn take(from: &mut Reader<'_>) -> Option<Self> {
                <$wide>::take(from)?.try_into().ok()
            }
        }
    )*};
}

narrow!(u8 as u64, u32 as u64, i32 as i64);

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(from.byte()? != 0)
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let length = usize::try_from(from.number()?).ok()?;
        let (text, rest) = from.rest.split_at_checked(length)?;
        from.rest = rest;
        core::str::from_utf8(text).ok().map(Self::from)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        length(self.len(), out);
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        // No room is made ahead: a length is only a claim until its values have been read.
        let mut list = Self::new();
        for _ in 0..from.number()? {
            list.push(T::take(from)?);
        }
        Some(list)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

fn length(length: usize, out: &mut Vec<u8>) {
    u64::try_from(length).unwrap_or(u64::MAX).put(out);
}

/// A struct is its fields, one after the other.
macro_rules! wire_struct {
    ($name:ident { $($field:tt),* }) => {
        impl $crate::codec::Wire for $name {
            fn put(&self, out: &mut alloc::vec::Vec<u8>) {
                $($crate::codec::Wire::put(&self.$field, out);)*
            }

            fn take(from: &mut $crate::codec::Reader<'_>) -> Option<Self> {
                Some(Self { $($field: $crate::codec::Wire::take(from)?),* })
            }
        }
    };
}

/// An enum is the number of its variant, then the variant's fields.
macro_rules! wire_enum {
    ($name:ident { $($tag:literal = $variant:ident $(($($field:ident),*))?),* }) => {
        impl $crate::codec::Wire for $name {
            fn put(&self, out: &mut alloc::vec::Vec<u8>) {
                match self {
                    $(Self::$variant $(($($field),*))? => {
                        out.push($tag);
                        $($($crate::codec::Wire::put($field, out);)*)?
                    })*
                }
            }

            fn take(from: &mut $crate::codec::Reader<'_>) -> Option<Self> {
                match <u8 as $crate::codec::Wire>::take(from)? {
                    $($tag => {
                        $($(let $field = $crate::codec::Wire::take(from)?;)*)?
                        Some(Self::$variant $(($($field),*))?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use {wire_enum, wire_struct};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round<T: Wire + PartialEq + core::fmt::Debug>(value: &T) {
        let mut bytes = Vec::new();
        value.put(&mut bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(T::take(&mut reader).as_ref(), Some(value));
        assert!(reader.is_empty());
        for end in 0..bytes.len() {
            let cut = bytes.get(..end).unwrap_or_default();
            assert_eq!(
                T::take(&mut Reader::new(cut)),
                None,
                "{end} of {} bytes",
                bytes.len()
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_put_is_taken(a: u64, b: i64, c: i32, d: bool, text: String, list: Vec<(u32, String)>) {
            round(&a);
            round(&b);
            round(&c);
            round(&d);
            round(&text);
            round(&list);
        }
    }

    #[test]
    fn a_length_is_only_a_claim() {
        let mut bytes = Vec::new();
        u64::MAX.put(&mut bytes);
        assert_eq!(<Vec<u8> as Wire>::take(&mut Reader::new(&bytes)), None);
        assert_eq!(String::take(&mut Reader::new(&bytes)), None);
    }
}
