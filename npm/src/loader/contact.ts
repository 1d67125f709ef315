/**
 * What the wire calls a contact, of the details that a page gives: the shop's own number for them,
 * else a hash of their e-mail address or their phone number. A number with an @ is an address.
 */
export const contactOf = async (details: unknown): Promise<string | undefined> => {
  const { customer, email: address, phone } = Object(details) as Record<string, unknown>;
  const isAddress = given(customer).includes("@");
  const email = isAddress ? customer : address;
  const digits = given(phone).replace(/\D/g, "");
  if (given(customer) && !isAddress) return `customer:${given(customer).slice(0, 64)}`;
  // Without an @ or a digit, as in "n/a", all would be one person.
  if (/.@./.test(given(email))) return `email:${await sha256(given(email).toLowerCase())}`;
  if (digits) return `phone:${await sha256("+" + digits)}`;
  return undefined;
};

const given = (detail: unknown): string => String(detail ?? "").trim();

const sha256 = async (text: string): Promise<string> => {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
};
