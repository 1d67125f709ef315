<?php

// The token that a thank-you page passes as the property `token` of its purchase.

declare(strict_types=1);

const DAY = 86400000;

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

/**
 * Signs that an order is worth this amount, with one of the site's SIGNING_KEYS. The amount is decimal
 * text, $expires is in Unix milliseconds: a day from now if it is left out.
 */
function order_token(
    string $key,
    string $site,
    string $order,
    string $amount,
    string $currency,
    ?int $expires = null
): string {
    $expires ??= (int) (microtime(true) * 1000) + DAY;
    $said = compact('site', 'order', 'amount', 'currency', 'expires');
    $flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR;
    $payload = base64url(json_encode($said, $flags));
    return $payload . '.' . base64url(hash_hmac('sha256', $payload, $key, true));
}
