//! The closed vocabularies of cases and target files, each with its spelling in one place.

/// Defines an enum whose members are spelled by fixed words, with `FromStr` that suggests the nearest.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$doc:meta])* $member:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $member,)+ }

        impl $name {
            /// All of them, in the order of this list.
            pub const ALL: &[Self] = &[$(Self::$member,)+];

            /// Its spelling in files and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$member => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| {
                    let known = Self::ALL.iter().map(|word| word.as_str());
                    let hint = crate::suggest::hint(text, known.clone());
                    let known = known.collect::<Vec<_>>().join(", ");
                    format!(concat!("unknown ", $what, " `{}`{}; known: {}"), text, hint, known)
                })
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// A part of the specification that a host claims as a whole.
    Profile, "profile" {
        /// Requests, middlewares, the sandbox, SQL, outbound, limits, events.
        Sandbox = "sandbox",
        /// Manifest, catalog, install, upgrade, uninstall.
        Lifecycle = "lifecycle",
        /// Static files and documents.
        Surfaces = "surfaces",
    }
}

words! {
    /// What a case takes, and what it does to a host.
    Tier, "tier" {
        /// A URL; read-only, without credentials.
        ZeroFixture = "zero-fixture",
        /// Credentials and a catalog; installs the suite's own plugins.
        Driven = "driven",
        /// Hostile archives, guests, statements, addresses.
        Adversarial = "adversarial",
        /// Stores that are down, slow, killed; only where the suite owns the services.
        Fault = "fault",
    }
}

words! {
    /// Whether a case may run beside others.
    Lane, "lane" {
        /// Beside others.
        Shared = "shared",
        /// Beside others, for cases that mostly wait until a limit of the host is over. They cost little
        /// and take long, so they take no turn of those that are quick.
        Waiting = "waiting",
        /// Alone, because it changes something all cases see.
        Exclusive = "exclusive",
    }
}

words! {
    /// Something a host offers, or its operator arranged, beyond the profiles.
    Feature, "feature" {
        /// The host reads the suite's catalog.
        Catalog = "catalog",
        /// The host maps names to the suite's outbound server.
        Outbound = "outbound",
        /// The host publishes events on a Valkey the suite can read.
        Valkey = "valkey",
        /// The operator set the plugin configuration the target file names.
        Config = "config",
        /// Users, roles, projects and members can be created through the API.
        CoreResources = "core-resources",
        /// So can tasks of a project.
        Tasks = "tasks",
        /// API keys can be created and revoked through the API.
        ApiKeys = "api-keys",
        /// A user created by an administrator has to change the password first.
        StalePassword = "stale-password",
        /// The host serves metrics at `/metrics`, to whoever reaches its API.
        Metrics = "metrics",
        /// The suite may take the host's services away, and end the host, as `[faults]` says.
        Faults = "faults",
    }
}

impl Feature {
    /// What a host that claims it does, after "the host".
    pub fn means(self) -> &'static str {
        match self {
            Self::Catalog => {
                "reads the catalog of [catalog], whose `url` is one it reads: http or https, private or public"
            }
            Self::Outbound => {
                "connects the names of [outbound] to its address, a private one too, and trusts its authority"
            }
            Self::Valkey => "publishes events on the Valkey of [valkey]",
            Self::Config => "gives plugins what its operator set, and [config] says",
            Self::CoreResources => "makes users, projects and members through its API",
            Self::Tasks => "makes tasks of a project through its API",
            Self::ApiKeys => "issues and revokes API keys through its API",
            Self::StalePassword => {
                "has users whose password an administrator chose change it first"
            }
            Self::Metrics => "serves metrics at /metrics",
            Self::Faults => {
                "can be ended, and its services taken away and brought back, by the commands of [faults]"
            }
        }
    }
}

words! {
    /// A fixture of a case, made through the host's own API.
    Need, "need" {
        /// A project, made by the administrator.
        Project = "project",
        /// Another project, to which nobody was added.
        OtherProject = "other-project",
        /// A user of the case's own, with a fresh password; the case may end its sessions.
        Account = "account",
        /// A task in the project.
        Task = "task",
        /// `member` as `PROJECT_MEMBER` of the project.
        Member = "member",
        /// `viewer` as `PROJECT_VIEWER` of the project.
        Viewer = "viewer",
    }
}

words! {
    /// What the suite's catalog answers.
    CatalogMode, "catalog mode" {
        /// The catalog.
        Ok = "ok",
        /// Nothing: connections are closed.
        Down = "down",
        /// 200 with bytes that are no catalog.
        Garbage = "garbage",
        /// JSON, and no catalog: the entries without the object around them.
        OtherShape = "other_shape",
        /// The catalog with status 500.
        Error = "error",
        /// The catalog as `text/plain`.
        Text = "text",
        /// Half of the catalog, and then nothing more.
        Slow = "slow",
        /// The catalog with blanks after it, 64 KiB of them.
        Padded = "padded",
        /// The catalog with so many blanks after it that the host's limit is passed.
        Oversize = "oversize",
        /// A redirect to where the catalog is.
        Moved = "moved",
        /// A redirect to itself, for ever.
        Redirect = "redirect",
        /// A redirect to an address of a scheme that nobody fetches a catalog by.
        OtherScheme = "other_scheme",
    }
}

words! {
    /// As whom a step acts.
    Identity, "identity" {
        /// Without credentials.
        Anonymous = "anonymous",
        /// The target's administrator, by bearer token.
        Admin = "admin",
        /// The administrator by cookie.
        Cookie = "cookie",
        /// The administrator by `X-API-Key`.
        AdminKey = "admin-key",
        /// The administrator by `Authorization: ApiKey`.
        AdminKeyAuthorization = "admin-key-authorization",
        /// A user with global role `SUPER_ADMIN`, member of nothing.
        Super = "super",
        /// A user with global role ADMIN, member of nothing.
        Operator = "operator",
        /// A user, member of the project if the case needs it.
        Member = "member",
        /// The same by `X-API-Key`.
        MemberKey = "member-key",
        /// A user, viewer of the project if the case needs it.
        Viewer = "viewer",
        /// A user without anything.
        Outsider = "outsider",
        /// The same by `X-API-Key`.
        OutsiderKey = "outsider-key",
        /// A user who has to change the password.
        Stale = "stale",
        /// A revoked API key.
        RevokedKey = "revoked-key",
        /// An expired API key.
        ExpiredKey = "expired-key",
        /// An API key nobody issued.
        BadKey = "bad-key",
        /// An access token with a wrong signature.
        BadJwt = "bad-jwt",
        /// The same as a cookie.
        BadCookie = "bad-cookie",
        /// An access token with `alg: none`.
        ForgedJwt = "forged-jwt",
    }
}

impl Identity {
    /// Whether the suite needs the administrator's credentials to become this identity.
    pub fn needs_admin(self) -> bool {
        use Identity::{Anonymous, BadCookie, BadJwt, BadKey, ForgedJwt};
        !matches!(self, Anonymous | BadKey | BadJwt | BadCookie | ForgedJwt)
    }

    /// The features without which this identity does not exist.
    pub fn features(self) -> &'static [Feature] {
        use Feature::{ApiKeys, CoreResources, StalePassword};
        match self {
            Self::Super | Self::Operator | Self::Member | Self::Viewer | Self::Outsider => {
                &[CoreResources]
            }
            Self::MemberKey | Self::OutsiderKey => &[CoreResources, ApiKeys],
            Self::AdminKey | Self::AdminKeyAuthorization | Self::RevokedKey | Self::ExpiredKey => {
                &[ApiKeys]
            }
            Self::Stale => &[CoreResources, StalePassword],
            _ => &[],
        }
    }

    /// The user behind the identity, whose id `{X_user}` gives.
    pub fn user(self) -> Option<Self> {
        match self {
            Self::Admin | Self::Cookie | Self::AdminKey | Self::AdminKeyAuthorization => {
                Some(Self::Admin)
            }
            Self::Member | Self::MemberKey => Some(Self::Member),
            Self::Outsider | Self::OutsiderKey => Some(Self::Outsider),
            Self::Super | Self::Operator | Self::Viewer | Self::Stale => Some(self),
            _ => None,
        }
    }
}
