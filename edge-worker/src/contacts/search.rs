//! Finding contacts by what someone has at hand: an identity, an e-mail address, a phone number, a
//! customer's number or an order's.

use goalpost_core::{clip, contact::Identity, limits};

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Identities that the text can be.
    pub(super) identities: Vec<String>,
    /// What the identity of a customer begins with, and what is beyond all of these.
    pub(super) customers: (String, String),
    /// The number of an order.
    pub(super) order: String,
}

/// Digits of a phone number.
const PHONE: std::ops::RangeInclusive<usize> = 5..=15;

impl Wanted {
    /// Reads a search. Addresses and numbers are hashed here and go no further.
    pub(super) fn read(text: &str) -> Self {
        let text = clip(text.trim(), limits::CONTACT_BYTES);
        let mut identities = Vec::new();
        if let Ok(identity) = Identity::parse(text) {
            identities.push(identity);
        }
        let address = Identity::email(text);
        let is_address = address.is_ok();
        identities.extend(address);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let is_number = text
            .chars()
            .all(|own| own.is_ascii_digit() || " +-().".contains(own));
        if is_number && PHONE.contains(&digits) {
            identities.extend(Identity::phone(text));
        }
        // No address reaches the database as it is.
        let plain = if is_address { "" } else { text };
        let number = plain.strip_prefix("customer:").unwrap_or(plain);
        let customers = if number.is_empty() {
            (String::new(), String::new())
        } else {
            let first = format!("customer:{number}");
            let beyond = format!("{first}{}", char::MAX);
            (first, beyond)
        };
        Self {
            identities: identities
                .into_iter()
                .map(|identity| String::from(identity.text()))
                .collect(),
            customers,
            order: String::from(plain),
        }
    }
}

/// Names of contacts, in order. `?1` site, `?2` identities as JSON, `?3` and `?4` the customers'
/// bounds, `?5` the order, `?6` how many.
///
/// Each part reads what fits and nothing else: customers' identities one by one, however often each
/// was named.
pub(super) const FOUND: &str = "\
WITH RECURSIVE
  named(identity) AS (
    SELECT min(contact) FROM observations
    WHERE site = ?1 AND contact IS NOT NULL AND contact >= ?3 AND contact < ?4
    UNION ALL
    SELECT (
      SELECT min(o.contact) FROM observations AS o
      WHERE o.site = ?1 AND o.contact IS NOT NULL AND o.contact > named.identity AND o.contact < ?4)
    FROM named WHERE named.identity IS NOT NULL
    LIMIT CAST(?6 AS INTEGER)),
  linked(identity) AS (
    SELECT identity FROM identities WHERE site = ?1 AND identity >= ?3 AND identity < ?4
    LIMIT CAST(?6 AS INTEGER)),
  found(identity) AS (
    SELECT n.value FROM json_each(?2) AS n
    WHERE EXISTS (SELECT 1 FROM observations AS o WHERE o.site = ?1 AND o.contact = n.value)
      OR EXISTS (SELECT 1 FROM identities AS i WHERE i.site = ?1 AND i.identity = n.value)
    UNION
    SELECT identity FROM named WHERE identity IS NOT NULL
    UNION
    SELECT identity FROM linked
    UNION
    SELECT contact FROM conversions INDEXED BY conversions_by_order
    WHERE site = ?1 AND order_number = ?5 AND order_number IS NOT NULL AND contact IS NOT NULL)
SELECT DISTINCT json_quote(coalesce(i.contact, f.identity))
FROM found AS f
LEFT JOIN identities AS i ON i.site = ?1 AND i.identity = f.identity
ORDER BY 1
LIMIT CAST(?6 AS INTEGER)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_hashed_before_anything_sees_it() {
        let wanted = Wanted::read(" Anna@Shop.example ");
        let hash = Identity::email("anna@shop.example").unwrap();
        assert_eq!(wanted.identities, [hash.text()]);
        assert!(!format!("{wanted:?}").to_lowercase().contains("anna"));
        assert_eq!(wanted.order, "");
        assert_eq!(wanted.customers, (String::new(), String::new()));
    }

    #[test]
    fn a_number_can_be_a_phones_a_customers_or_an_orders() {
        let wanted = Wanted::read("81312345678");
        let phone = Identity::phone("+81 3 1234 5678").unwrap();
        assert_eq!(wanted.identities, [phone.text()]);
        assert_eq!(wanted.customers.0, "customer:81312345678");
        assert_eq!(wanted.order, "81312345678");
        assert!(Wanted::read("A-1").identities.is_empty());
    }

    #[test]
    fn an_identity_is_looked_for_as_it_is() {
        let wanted = Wanted::read("customer:7");
        assert_eq!(wanted.identities, ["customer:7"]);
        assert_eq!(wanted.customers.0, "customer:7");
    }
}
