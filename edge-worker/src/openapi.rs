//! The `OpenAPI` document: made from the table of routes, so it cannot say anything else.

use crate::{
    bindings,
    problem::{self, Kind},
    routes::{self, Body, Operation, Route, Scope},
    webhooks,
};
use serde_json::{Map, Value, json};

/// The document, as version 3.1 of `OpenAPI` describes one.
///
/// ```
/// let document = goalpost_edge::openapi();
/// assert!(document["paths"]["/_g/c"]["post"].is_object());
/// ```
pub fn openapi() -> Value {
    openapi_at(bindings::PREFIX)
}

/// The document of a deployment with its own prefix.
pub(crate) fn openapi_at(prefix: &str) -> Value {
    let paths: Map<String, Value> = routes::all()
        .map(|route| (routes::public_path(route, prefix), path_item(route)))
        .collect();
    let problems: Map<String, Value> = Kind::ALL
        .into_iter()
        .map(|kind| {
            (
                String::from(kind.name()),
                json!({"title": kind.title(), "status": kind.status()}),
            )
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Goalpost",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Conversion tracking on a shop's own domain.",
            "description": "Every error is a problem document of RFC 9457; its type is one of x-problems. \
                            The routes of a page begin with a prefix that a deployment may change.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token whose SHA-256 is the secret ADMIN_TOKEN_HASH, or that of a site.",
                },
                "access": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Cf-Access-Jwt-Assertion",
                    "description": "What Cloudflare Access says of a person, where the deployment has set \
                                    ACCESS_TEAM and ACCESS_AUD. What changes something must be JSON of a \
                                    page of the same origin, or of no page.",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Goalpost-Signature",
                    "description": "t=<unix seconds>,v1=<hex HMAC-SHA256 of t, a full stop and the body>, \
                                    with one of the site's SIGNING_KEYS.",
                },
            },
            "schemas": {"Problem": problem_schema()},
        },
        "x-problems": problems,
    })
}

fn path_item(route: &Route) -> Value {
    let operations: Map<String, Value> = route
        .operations
        .iter()
        .map(|operation| {
            (
                operation.method.name().to_ascii_lowercase(),
                describe(route, operation),
            )
        })
        .collect();
    Value::Object(operations)
}

fn describe(route: &Route, operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .filter(|name| *name != "prefix")
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": part(name)}))
        .collect();
    parameters.extend(operation.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "in": "query",
            "required": false,
            "description": parameter.about,
            "schema": (parameter.schema)(),
        })
    }));
    let mut description = json!({
        "operationId": format!("{:?}", operation.action),
        "summary": operation.summary,
        "responses": responses(operation),
    });
    if let Value::Object(fields) = &mut description {
        if !parameters.is_empty() {
            fields.insert(String::from("parameters"), Value::Array(parameters));
        }
        if let Some(body) = &operation.body {
            let about = format!("{} At most {} bytes.", body.about, body.bytes);
            fields.insert(
                String::from("requestBody"),
                json!({
                    "required": body.is_required,
                    "description": about,
                    "content": {body.content_type: {"schema": {"type": body_type(body)}}},
                }),
            );
        }
        if let Some(scope) = operation.scope {
            let mut ways = vec![json!({"token": [scope.name()]}), json!({"access": []})];
            if scope == Scope::Events {
                ways.push(json!({"signature": []}));
            }
            fields.insert(String::from("security"), Value::Array(ways));
        }
    }
    description
}

/// A beacon is JSON in a simple request's clothes; what is called JSON is an object.
fn body_type(body: &Body) -> &'static str {
    if body.content_type == "application/json" {
        "object"
    } else {
        "string"
    }
}

fn responses(operation: &Operation) -> Value {
    let success = &operation.success;
    let mut content = Map::new();
    content.insert(
        String::from(success.content_type),
        json!({"schema": (success.schema)()}),
    );
    if operation.parameters.iter().any(|one| one.name == "format") {
        content.insert(
            String::from("text/csv"),
            json!({"schema": {"type": "string"}}),
        );
    }
    let mut responses = Map::new();
    responses.insert(
        String::from("200"),
        json!({"description": success.about, "content": content}),
    );
    let token: &[u16] = if operation.scope.is_some() {
        &[401, 403, 503]
    } else {
        &[]
    };
    let body: &[u16] = if operation.body.is_some() {
        &[413, 415]
    } else {
        &[]
    };
    for status in operation.problems.iter().chain(token).chain(body) {
        let titles: Vec<&str> = Kind::ALL
            .into_iter()
            .filter(|kind| kind.status() == *status)
            .map(Kind::title)
            .collect();
        responses.insert(
            status.to_string(),
            json!({
                "description": titles.join("; "),
                "content": {
                    "application/problem+json": {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                    },
                },
            }),
        );
    }
    Value::Object(responses)
}

fn part(name: &str) -> Value {
    match name {
        "version" => json!({"type": "integer", "minimum": 1}),
        "kind" => webhooks::kinds(),
        _ => json!({"type": "string"}),
    }
}

fn problem_schema() -> Value {
    let types: Vec<String> = Kind::ALL.into_iter().map(problem::type_of).collect();
    shape::object_with(
        &[
            ("type", json!({"enum": types})),
            (
                "title",
                shape::text("What went wrong, the same for each of its type."),
            ),
            ("status", shape::integer("The HTTP status.")),
            (
                "detail",
                shape::text("What went wrong this time: the field and the fix."),
            ),
        ],
        &[(
            "problems",
            shape::list(shape::object(&[
                ("path", shape::text("Where it stands in the body.")),
                (
                    "detail",
                    shape::text("What is wrong, and how to put it right."),
                ),
            ])),
        )],
    )
}

/// Shapes of JSON, each in one line.
pub(crate) mod shape {
    use serde_json::{Map, Value, json};

    pub(crate) fn text(about: &str) -> Value {
        json!({"type": "string", "description": about})
    }

    pub(crate) fn integer(about: &str) -> Value {
        json!({"type": "integer", "description": about})
    }

    pub(crate) fn boolean(about: &str) -> Value {
        json!({"type": "boolean", "description": about})
    }

    pub(crate) fn id(about: &str) -> Value {
        json!({"type": "string", "format": "uuid", "description": about})
    }

    pub(crate) fn time(about: &str) -> Value {
        json!({"type": "integer", "description": format!("{about} Unix milliseconds.")})
    }

    pub(crate) fn date(about: &str) -> Value {
        json!({"type": "string", "format": "date", "description": about})
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "shapes are written inside each other"
    )]
    pub(crate) fn list(of: Value) -> Value {
        json!({"type": "array", "items": of})
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "shapes are written inside each other"
    )]
    pub(crate) fn perhaps(shape: Value) -> Value {
        json!({"anyOf": [shape, {"type": "null"}]})
    }

    /// An object with exactly these fields.
    pub(crate) fn object(fields: &[(&str, Value)]) -> Value {
        object_with(fields, &[])
    }

    /// An object with these fields, and perhaps those.
    pub(crate) fn object_with(fields: &[(&str, Value)], perhaps: &[(&str, Value)]) -> Value {
        let properties: Map<String, Value> = fields
            .iter()
            .chain(perhaps)
            .map(|(name, shape)| (String::from(*name), shape.clone()))
            .collect();
        let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_its_own_name_and_its_answers() {
        let document = openapi();
        let mut names = BTreeSet::new();
        let mut operations = 0;
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                operations += 1;
                names.insert(operation["operationId"].as_str().unwrap().to_string());
                assert!(operation["responses"]["200"].is_object());
            }
        }
        assert_eq!(names.len(), operations);
        assert_eq!(
            operations,
            routes::all()
                .map(|route| route.operations.len())
                .sum::<usize>()
        );
    }
}
