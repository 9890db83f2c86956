//! Errors as Connect tells them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as Connect tells it.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// With a code of its own.
    Coded {
        status: u16,
        code: u16,
        error: String,
    },
    /// No such route on this version.
    NoRoute,
    /// There is none, said with an empty object.
    Empty404,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: u16, error: impl Into<String>) -> Self {
        Self::Coded {
            status,
            code,
            error: error.into(),
        }
    }

    pub(crate) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(400, 2, error)
    }

    pub(crate) fn bad_id(what: &str) -> Self {
        Self::new(400, 3, format!("The {what} is not a valid identifier."))
    }

    pub(crate) fn not_there() -> Self {
        Self::new(404, 4, "The requested object does not exist.")
    }

    pub(crate) fn denied() -> Self {
        Self::new(
            403,
            22,
            "You don't have permission to perform this operation.",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Coded {
                status,
                code,
                error,
            } => (
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                Json(json!({ "code": code, "error": error, "payload": null })),
            )
                .into_response(),
            Self::NoRoute => (StatusCode::NOT_FOUND, "404 page not found").into_response(),
            Self::Empty404 => (StatusCode::NOT_FOUND, Json(json!({}))).into_response(),
        }
    }
}
