//! From credentials to an identity.

use contract::api::ErrorCode;
use uuid::Uuid;

use crate::error::ApiError;

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A session: an access token, with the session's id.
    Session(Uuid),
    /// An API key.
    ApiKey,
}

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub user_id: Uuid,
    /// Name the user signs in with.
    pub username: String,
    /// Name of the global role; what may be done is looked up, not read here.
    pub role: String,
    /// The password was set by somebody else and must be changed. Never set for an API
    /// key, which has no password.
    pub must_change_password: bool,
    /// How the caller proved it.
    pub proof: Proof,
}

impl Identity {
    /// The role claim of a session; an API key has none.
    pub fn role_claim(&self) -> Option<&str> {
        matches!(self.proof, Proof::Session(_)).then_some(self.role.as_str())
    }

    /// 403 when the password is stale.
    pub fn require_fresh_password(&self) -> Result<(), ApiError> {
        if self.must_change_password {
            return Err(ApiError::new(
                ErrorCode::AuthPasswordChangeRequired,
                "the password must be changed first",
            ));
        }
        Ok(())
    }

    /// 403 for an API key; the session's id otherwise.
    pub fn require_session(&self) -> Result<Uuid, ApiError> {
        match self.proof {
            Proof::Session(session) => Ok(session),
            Proof::ApiKey => {
                Err(ApiError::new(ErrorCode::Forbidden, "API keys cannot be used here"))
            }
        }
    }
}

/// Why credentials were not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not a token or key of ours, or no longer.
    Invalid,
    /// A key that was revoked.
    Revoked,
    /// A key whose time is over.
    Expired,
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = match refusal {
            Refusal::Invalid => (ErrorCode::AuthTokenInvalid, "the credentials are not valid"),
            Refusal::Revoked => (ErrorCode::ApiKeyRevoked, "the API key was revoked"),
            Refusal::Expired => (ErrorCode::ApiKeyExpired, "the API key has expired"),
        };
        Self::new(code, message)
    }
}

/// What the credentials of a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// There were none.
    Anonymous,
    /// They were accepted.
    Known(Identity),
    /// They were not.
    Refused(Refusal),
}

impl Resolution {
    /// An identity, or 401: what `authn` wants.
    pub fn required(self) -> Result<Identity, ApiError> {
        match self {
            Self::Known(identity) => Ok(identity),
            Self::Anonymous => {
                Err(ApiError::new(ErrorCode::AuthMissingToken, "authentication is required"))
            }
            Self::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// An identity, or nobody: what `optionalAuthn` wants. Credentials that were refused are
    /// nobody's, of whatever kind they are (decision R5).
    pub fn optional(self) -> Option<Identity> {
        match self {
            Self::Known(identity) => Some(identity),
            Self::Anonymous | Self::Refused(_) => None,
        }
    }
}

/// 401 for somebody who must be known but is not.
pub fn unauthenticated() -> ApiError {
    ApiError::new(ErrorCode::AuthUnauthenticated, "authentication is required")
}

/// 403 for somebody who is known but may not.
pub fn forbidden() -> ApiError {
    ApiError::new(ErrorCode::Forbidden, "you do not have permission to do this")
}
