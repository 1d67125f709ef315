//! Routes of people and their tools: pages to look at, plans, reports, and whatever else a site's
//! owner asks for.

use super::{Action, Body, Method, Operation, Parameter, Route, Scope, Success, page_file};
use crate::{
    archive, contacts, costs, explain, live, pages::File, plans, replay, reports, segments,
};
use goalpost_core::limits;
use serde_json::{Value, json};

const fn report(
    name: reports::Name,
    summary: &'static str,
    parameters: &'static [Parameter],
) -> Operation {
    Operation {
        method: Method::Get,
        action: Action::Report(name),
        scope: Some(Scope::Read),
        summary,
        parameters,
        body: None,
        success: Success {
            content_type: "application/json",
            about: "The figures, with the names of the plan.",
            schema: name.schema(),
        },
        problems: &[400, 404],
    }
}

const fn table(table: &'static reports::catalogue::Report) -> Operation {
    report(reports::Name::Table(table), table.about, reports::TABLE)
}

const fn read(
    action: Action,
    summary: &'static str,
    about: &'static str,
    schema: fn() -> Value,
) -> Operation {
    Operation {
        method: Method::Get,
        action,
        scope: Some(Scope::Read),
        summary,
        parameters: &[],
        body: None,
        success: Success {
            content_type: "application/json",
            about,
            schema,
        },
        problems: &[404],
    }
}

pub(super) static ROUTES: &[Route] = &[
    Route {
        path: "{prefix}/live",
        operations: &[page_file(
            Action::Page(File::Live),
            "A page that shows what arrives, as it arrives",
            "text/html",
            "The page; it asks for site and token, or takes them from `#site=…&token=…`.",
        )],
    },
    Route {
        path: "{prefix}/live.js",
        operations: &[page_file(
            Action::Page(File::LiveScript),
            "The live page's script",
            "text/javascript",
            "JavaScript.",
        )],
    },
    Route {
        path: "{prefix}/reports",
        operations: &[page_file(
            Action::Page(File::Reports),
            "A page that shows the reports",
            "text/html",
            "The page; it asks for site and token, or takes them from `#site=…&token=…`.",
        )],
    },
    Route {
        path: "{prefix}/reports.js",
        operations: &[page_file(
            Action::Page(File::ReportsScript),
            "The script of the reports' page",
            "text/javascript",
            "JavaScript.",
        )],
    },
    Route {
        path: "{prefix}/pages.css",
        operations: &[page_file(
            Action::Page(File::Style),
            "The pages' style",
            "text/css",
            "CSS.",
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/plan",
        operations: &[
            Operation {
                method: Method::Put,
                action: Action::Publish,
                scope: Some(Scope::Publish),
                summary: "Checks a plan and publishes it; the same content again changes nothing",
                parameters: &[],
                body: Some(Body {
                    is_required: true,
                    content_type: "application/json",
                    bytes: limits::PLAN_BYTES,
                    about: "The plan.",
                }),
                success: Success {
                    content_type: "application/json",
                    about: "The plan is what the site goes by.",
                    schema: plans::published_schema,
                },
                problems: &[422],
            },
            read(
                Action::CurrentPlan,
                "The plan that the site goes by",
                "The plan's JSON, as it was published.",
                || json!({"type": "object"}),
            ),
        ],
    },
    Route {
        path: "/api/v1/sites/{site}/plans",
        operations: &[read(
            Action::Versions,
            "Every version of the site's plan, the newest first",
            "The versions.",
            plans::versions_schema,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/plans/{version}/publish",
        operations: &[Operation {
            method: Method::Post,
            action: Action::RollBack,
            scope: Some(Scope::Publish),
            summary: "Publishes an earlier version again",
            parameters: &[],
            body: None,
            success: Success {
                content_type: "application/json",
                about: "The version is what the site goes by.",
                schema: plans::published_schema,
            },
            problems: &[400, 404],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/observations/{observation}/explain",
        operations: &[Operation {
            parameters: explain::PARAMETERS,
            problems: &[400, 404],
            ..read(
                Action::Explain,
                "Why each definition did or did not happen for an observation",
                "The reasons, and what is stored under the counting keys.",
                explain::schema,
            )
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/explain",
        operations: &[Operation {
            method: Method::Post,
            action: Action::ExplainTried,
            scope: Some(Scope::Read),
            summary: "Explains an observation that is only tried out; nothing is stored",
            parameters: explain::PARAMETERS,
            body: Some(Body {
                is_required: true,
                content_type: "application/json",
                bytes: limits::ITEM_BYTES,
                about: "An item as a beacon carries it, and perhaps a `visitor`; `id` and `seq` may \
                        be left out.",
            }),
            success: Success {
                content_type: "application/json",
                about: "The reasons, and what is stored under the counting keys.",
                schema: explain::schema,
            },
            problems: &[400, 404],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/plan/replay",
        operations: &[Operation {
            method: Method::Post,
            action: Action::BeginReplay,
            scope: Some(Scope::Publish),
            summary: "Begins a replay: another plan over the observations that are stored",
            parameters: &[],
            body: Some(Body {
                is_required: true,
                content_type: "application/json",
                bytes: replay::BODY_BYTES,
                about: "`plan` or `version`; `from` and `to`, the days that it is about; `apply`, \
                        whether the new verdicts take the place of the stored ones (a `plan` is \
                        then also published).",
            }),
            success: Success {
                content_type: "application/json",
                about: "The replay, before its first step.",
                schema: replay::schema,
            },
            problems: &[400, 404, 409, 422],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/plan/replay/{replay}",
        operations: &[read(
            Action::Replay,
            "How far a replay is, and what the plan changes",
            "The replay with its difference so far.",
            replay::schema,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/plan/replay/{replay}/step",
        operations: &[Operation {
            method: Method::Post,
            action: Action::ReplayStep,
            scope: Some(Scope::Publish),
            summary: "Takes one step of a replay; after its end it changes nothing",
            parameters: replay::PARAMETERS,
            body: None,
            success: Success {
                content_type: "application/json",
                about: "The replay after the step.",
                schema: replay::schema,
            },
            problems: &[400, 404],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/archive",
        operations: &[Operation {
            parameters: archive::PARAMETERS,
            problems: &[400, 404],
            ..read(
                Action::Archive,
                "The files that a site's observations are archived in",
                "The files, by day; a bucket of R2 has them.",
                archive::schema,
            )
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/costs",
        operations: &[
            Operation {
                method: Method::Put,
                action: Action::PutCosts,
                scope: Some(Scope::Costs),
                summary: "Says what channels and campaigns cost, replacing what was said of the same \
                          day, channel and campaign",
                parameters: &[],
                body: Some(Body {
                    is_required: true,
                    content_type: "application/json",
                    bytes: costs::BODY_BYTES,
                    about: "{currency, costs: [{day, channel, campaign?, amount, clicks?, \
                            impressions?}]}; an amount is decimal text, and no campaign is all of \
                            the channel.",
                }),
                success: Success {
                    content_type: "application/json",
                    about: "All of them are stored.",
                    schema: costs::stored_schema,
                },
                problems: &[404, 422],
            },
            Operation {
                method: Method::Get,
                action: Action::Costs,
                scope: Some(Scope::Read),
                summary: "What channels and campaigns cost",
                parameters: reports::PERIOD,
                body: None,
                success: Success {
                    content_type: "application/json",
                    about: "The costs, by day, channel and campaign.",
                    schema: costs::list_schema,
                },
                problems: &[400, 404],
            },
        ],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/overview",
        operations: &[table(&reports::catalogue::OVERVIEW)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/outcomes",
        operations: &[table(&reports::catalogue::OUTCOMES)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/goals",
        operations: &[table(&reports::catalogue::GOALS)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/groups",
        operations: &[table(&reports::catalogue::GROUPS)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/channels",
        operations: &[table(&reports::catalogue::CHANNELS)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/campaigns",
        operations: &[table(&reports::catalogue::CAMPAIGNS)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/landing-pages",
        operations: &[table(&reports::catalogue::LANDING_PAGES)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/sessions",
        operations: &[table(&reports::catalogue::SESSIONS)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/events",
        operations: &[table(&reports::catalogue::EVENTS)],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/attribution",
        operations: &[report(
            reports::Name::Attribution,
            "What each channel, campaign or source brought, by a model of attribution",
            reports::ATTRIBUTION,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/velocity",
        operations: &[report(
            reports::Name::Velocity,
            "How long people take from their first touch to an outcome, and in how many visits",
            reports::VELOCITY,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/funnels",
        operations: &[report(
            reports::Name::Funnels,
            "How far sessions or people come in the plan's funnels",
            reports::FUNNELS,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/what-if",
        operations: &[report(
            reports::Name::WhatIf,
            "What other products would have counted of the same visits",
            reports::WHAT_IF,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/contacts/{contact}",
        operations: &[
            Operation {
                method: Method::Get,
                action: Action::Contact,
                scope: Some(Scope::Read),
                summary: "A person by any identity or visitor: what they brought, and what happened",
                parameters: contacts::PARAMETERS,
                body: None,
                success: Success {
                    content_type: "application/json",
                    about: "The contact.",
                    schema: contacts::schema,
                },
                problems: &[400, 404],
            },
            super::privacy::ERASE,
        ],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/contacts",
        operations: &[report(
            reports::Name::Contacts,
            "Contacts: all of them, those that are searched for, or those that brought most",
            contacts::LIST_PARAMETERS,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/carts",
        operations: &[report(
            reports::Name::Carts,
            "Carts that were begun: bought, given up, and bought after all",
            reports::CARTS,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/conversions",
        operations: &[report(
            reports::Name::Conversions,
            "Each conversion with its evidence, the latest first",
            reports::CURSOR,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/fates",
        operations: &[report(
            reports::Name::Fates,
            "What became of every item, by day, reason, SDK version and form",
            reports::PERIOD,
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/conservation",
        operations: &[report(
            reports::Name::Conservation,
            "Whether every captured item has exactly one fate",
            &[],
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/reports/health",
        operations: &[report(
            reports::Name::Health,
            "Whether every item has one fate, by SDK and form; what the edge did not believe; what the \
             nightly check found",
            &[],
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/metrics",
        operations: &[Operation {
            scope: Some(Scope::Metrics),
            success: Success {
                content_type: "application/openmetrics-text",
                about: "The metrics; docs/operating.md lists them.",
                schema: || json!({"type": "string"}),
            },
            problems: &[],
            ..read(
                Action::Metrics,
                "Figures of the deployment as OpenMetrics text, for a monitoring system",
                "",
                || Value::Null,
            )
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/segments",
        operations: &[Operation {
            parameters: segments::PARAMETERS,
            problems: &[400, 404],
            ..read(
                Action::Segments,
                "The plan's segments, and how many contacts belong to each now",
                "The segments, counted among the contacts that were looked at; the counts of all \
                 answers are to be added.",
                segments::list_schema,
            )
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/segments/{segment}",
        operations: &[Operation {
            parameters: segments::MEMBER_PARAMETERS,
            problems: &[400, 404],
            ..read(
                Action::Members,
                "Who belongs to a segment now, as JSON or CSV",
                "The contacts, with all that they are known as.",
                segments::members_schema,
            )
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/live",
        operations: &[Operation {
            method: Method::Get,
            action: Action::Live,
            scope: Some(Scope::Read),
            summary: "What arrived since the last call, with what it converted to",
            parameters: live::PARAMETERS,
            body: None,
            success: Success {
                content_type: "application/json",
                about: "Observations, quarantined items and totals.",
                schema: live::schema,
            },
            problems: &[400, 404],
        }],
    },
];
