//! The text of a compiled plan: as compact as the measured libraries' bytes, with a fraction of their
//! code.
//!
//! Numbers are variable-length (six bits a character, least significant first), texts and lists begin
//! with their length, an enum with the place of its variant. There are no names and no types in the
//! text: writer and reader are made from the same list of fields by one macro.
//!
//! A reader that meets something else goes on with zeros and empty lists, and tells at the end. So no
//! value is half made when it stops, and there is no code for letting go of a half.

use alloc::{string::String, vec::Vec};

/// How deep a value may contain values of its own kind; plans are checked for less.
const DEPTH: u8 = 8;

/// The text that is still to be read.
pub(crate) struct Reader<'a> {
    /// `None` once something was no such value.
    rest: Option<&'a str>,
    depth: u8,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            rest: Some(text),
            depth: DEPTH,
        }
    }

    /// Whether everything was read, and was what it was read as.
    pub(crate) fn is_done(&self) -> bool {
        self.rest == Some("")
    }

    pub(crate) const fn fail(&mut self) {
        self.rest = None;
    }

    fn text(&mut self, length: usize) -> &'a str {
        let parts = self.rest.and_then(|rest| rest.split_at_checked(length));
        self.rest = parts.map(|(_, rest)| rest);
        parts.map_or("", |(text, _)| text)
    }

    /// One ASCII character.
    pub(crate) fn byte(&mut self) -> u8 {
        self.text(1).bytes().next().unwrap_or_default()
    }

    pub(crate) fn number(&mut self) -> u64 {
        let mut number = 0u64;
        for shift in (0..64).step_by(6) {
            let sign = self.byte();
            number |= u64::from(sign & 0x3f) << shift;
            if sign < 0x40 {
                return number;
            }
        }
        self.fail();
        0
    }

    /// A number that fits in a narrower type.
    fn narrow<T: Default>(&mut self, number: Option<T>) -> T {
        number.unwrap_or_else(|| {
            self.fail();
            T::default()
        })
    }

    /// Reads a value that may contain others of its kind: a text from a network must not decide how
    /// deep a reader recurses.
    pub(crate) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth == 0 {
            self.fail();
        }
        self.depth = self.depth.wrapping_sub(1);
        let value = read(self);
        self.depth = self.depth.wrapping_add(1);
        value
    }
}

/// A value that a compiled plan is made of.
pub(crate) trait Wire: Sized {
    fn put(&self, out: &mut String);
    /// The value, or one without meaning after which the reader is never done.
    fn take(from: &mut Reader<'_>) -> Self;
}

impl Wire for u64 {
    fn put(&self, out: &mut String) {
        let mut rest = *self;
        loop {
            let low = u8::try_from(rest & 0x3f).unwrap_or(0);
            rest >>= 6;
            if rest == 0 {
                out.push(char::from(low));
                return;
            }
            out.push(char::from(low | 0x40));
        }
    }

    fn take(from: &mut Reader<'_>) -> Self {
        from.number()
    }
}

impl Wire for i64 {
    /// Zigzag: the sign in the lowest bit, so that small negative numbers are short too.
    fn put(&self, out: &mut String) {
        ((*self << 1) ^ (*self >> 63)).cast_unsigned().put(out);
    }

    fn take(from: &mut Reader<'_>) -> Self {
        let number = from.number();
        (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
    }
}

/// Narrower numbers travel as the wide ones.
macro_rules! narrow {
    ($($narrow:ty as $wide:ty),*) => {$(
        impl Wire for $narrow {
            fn put(&self, out: &mut String) {
                <$wide>::from(*self).put(out);
            }

            fn take(from: &mut Reader<'_>) -> Self {
                let wide = <$wide>::take(from);
                from.narrow(wide.try_into().ok())
            }
        }
    )*};
}

narrow!(u8 as u64, u32 as u64, i32 as i64);

impl Wire for bool {
    fn put(&self, out: &mut String) {
        u64::from(*self).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Self {
        from.number() != 0
    }
}

impl Wire for String {
    fn put(&self, out: &mut String) {
        length(self.len(), out);
        out.push_str(self);
    }

    fn take(from: &mut Reader<'_>) -> Self {
        let length = from.number();
        from.text(usize::try_from(length).unwrap_or(usize::MAX))
            .into()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut String) {
        length(self.len(), out);
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Self {
        // No room is made ahead: a length is only a claim until its values have been read.
        let mut list = Self::new();
        for _ in 0..from.number() {
            if from.rest.is_none() {
                break;
            }
            list.push(T::take(from));
        }
        list
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut String) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Self {
        (A::take(from), B::take(from))
    }
}

fn length(length: usize, out: &mut String) {
    u64::try_from(length).unwrap_or(u64::MAX).put(out);
}

/// A struct is its fields, one after the other.
macro_rules! wire_struct {
    ($name:ident { $($field:tt),* }) => {
        impl $crate::codec::Wire for $name {
            fn put(&self, out: &mut alloc::string::String) {
                $($crate::codec::Wire::put(&self.$field, out);)*
            }

            fn take(from: &mut $crate::codec::Reader<'_>) -> Self {
                Self { $($field: $crate::codec::Wire::take(from)),* }
            }
        }
    };
}

/// An enum is the number of its variant, then the variant's fields. What has no such number is read
/// as the first variant, and fails.
macro_rules! wire_enum {
    ($name:ident {
        0 = $first:ident $(($($inner:ident),*))?
        $(, $tag:literal = $variant:ident $(($($field:ident),*))?)*
    }) => {
        impl $crate::codec::Wire for $name {
            fn put(&self, out: &mut alloc::string::String) {
                match self {
                    Self::$first $(($($inner),*))? => {
                        $crate::codec::Wire::put(&0u64, out);
                        $($($crate::codec::Wire::put($inner, out);)*)?
                    }
                    $(Self::$variant $(($($field),*))? => {
                        $crate::codec::Wire::put(&($tag as u64), out);
                        $($($crate::codec::Wire::put($field, out);)*)?
                    })*
                }
            }

            fn take(from: &mut $crate::codec::Reader<'_>) -> Self {
                match from.number() {
                    $($tag => {
                        $($(let $field = $crate::codec::Wire::take(from);)*)?
                        Self::$variant $(($($field),*))?
                    })*
                    tag => {
                        if tag != 0 {
                            from.fail();
                        }
                        $($(let $inner = $crate::codec::Wire::take(from);)*)?
                        Self::$first $(($($inner),*))?
                    }
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

    fn read<T: Wire>(text: &str) -> Option<T> {
        let mut reader = Reader::new(text);
        let value = T::take(&mut reader);
        reader.is_done().then_some(value)
    }

    fn round<T: Wire + PartialEq + core::fmt::Debug>(value: &T) {
        let mut text = String::new();
        value.put(&mut text);
        assert_eq!(read(&text).as_ref(), Some(value));
        for end in 0..text.len() {
            if let Some(cut) = text.get(..end) {
                assert_eq!(read::<T>(cut), None, "{end} of {} bytes", text.len());
            }
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
        let mut text = String::new();
        u64::MAX.put(&mut text);
        assert_eq!(read::<Vec<u8>>(&text), None);
        assert_eq!(read::<String>(&text), None);
    }
}
