// What proving a token of Cloudflare Access asks of the runtime.

/** The text at an address, if it comes in time, is no longer than that, and is really there. */
export async function certificates(address, mostBytes) {
  const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(5000) });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > mostBytes) throw new Error(`more than ${mostBytes} bytes`);
    text += decoder.decode(value, { stream: true });
  }
}

/** Whether the RSA key of this modulus and exponent has signed the text, by RS256 and nothing else. */
export async function isSigned(n, e, text, signature) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", { kty: "RSA", n, e }, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, signature, new TextEncoder().encode(text));
}
