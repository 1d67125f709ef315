//! What a request says about the software that sends it.

/// The class of device, from what browsers still tell.
pub(crate) fn device(user_agent: &str) -> &'static str {
    let has = |word| user_agent.contains(word);
    if has("iPad") || has("Tablet") || (has("Android") && !has("Mobile")) {
        "tablet"
    } else if has("Mobi") || has("iPhone") {
        "mobile"
    } else {
        "desktop"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_is_one_of_three() {
        for (agent, class) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/156 Mobile Safari",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-X910) Chrome/156 Safari",
                "tablet",
            ),
            ("Mozilla/5.0 (iPad; CPU OS 18_0) Mobile/15E148", "tablet"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156",
                "desktop",
            ),
        ] {
            assert_eq!(device(agent), class, "{agent}");
        }
    }
}
