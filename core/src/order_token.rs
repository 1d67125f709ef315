//! Order tokens: a shop's signature under an amount, carried by the page.
