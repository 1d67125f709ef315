//! Contacts: known persons, by what they are known as.
