// Whether a value has the shape that the OpenAPI document gives it: the part of JSON Schema that
// the document uses, and an error for any other part.

const KNOWN = new Set([
  "type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "$ref",
  "format", "description", "minimum", "maximum",
]);

const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
};

function typeOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (Number.isSafeInteger(value)) return "integer";
  return typeof value;
}

/**
 * Every place where a value differs from its schema.
 *
 * @returns {string[]}
 */
export function differences(schema, value, document, at = "$") {
  const strange = Object.keys(schema).filter((key) => !KNOWN.has(key));
  if (strange.length > 0) return [`${at}: the schema uses ${strange}, which is not checked here`];
  if (schema.$ref) {
    const target = schema.$ref.split("/").slice(1).reduce((node, key) => node[key], document);
    return differences(target, value, document, at);
  }
  if (schema.anyOf) {
    const found = schema.anyOf.map((one) => differences(one, value, document, at));
    return found.some((list) => list.length === 0) ? [] : found[0];
  }
  if (schema.enum) {
    return schema.enum.includes(value) ? [] : [`${at}: ${JSON.stringify(value)} is not in enum`];
  }
  const types = [schema.type ?? []].flat();
  const type = typeOf(value);
  if (types.length > 0 && !types.includes(type)) return [`${at}: ${type} is not ${types}`];
  if (type === "string" && schema.format && FORMATS[schema.format]) {
    return FORMATS[schema.format].test(value) ? [] : [`${at}: '${value}' is no ${schema.format}`];
  }
  if (type === "array" && schema.items) {
    return value.flatMap((item, n) => differences(schema.items, item, document, `${at}[${n}]`));
  }
  if (type !== "object") return [];
  const missing = (schema.required ?? [])
    .filter((key) => !(key in value))
    .map((key) => `${at}.${key}: is missing`);
  const rest = schema.additionalProperties;
  return Object.entries(value).reduce((found, [key, item]) => {
    const inner = schema.properties?.[key] ?? (typeof rest === "object" ? rest : undefined);
    if (inner) return found.concat(differences(inner, item, document, `${at}.${key}`));
    return rest === false ? found.concat(`${at}.${key}: is not in the document`) : found;
  }, missing);
}
