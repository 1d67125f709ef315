# frozen_string_literal: true

# The token that a thank-you page passes as the property `token` of its purchase.

require "json"
require "openssl"

DAY = 86_400_000

def base64url(bytes)
  [bytes].pack("m0").tr("+/", "-_").delete("=")
end

# Signs that an order is worth this amount, with one of the site's SIGNING_KEYS. `amount` is decimal
# text, `expires` is in Unix milliseconds: a day from now if it is left out.
def order_token(key:, site:, order:, amount:, currency:, expires: (Time.now.to_f * 1000).to_i + DAY)
  said = { site: site, order: order, amount: amount, currency: currency, expires: expires }
  payload = base64url(JSON.generate(said))
  "#{payload}.#{base64url(OpenSSL::HMAC.digest("SHA256", key, payload))}"
end
