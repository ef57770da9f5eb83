//! Who is who: passwords, signing keys, tokens, the issuer of external ones, and how fast one may guess. What an account may do is the model's matter.

pub mod admin_path;
pub mod keys;
pub mod oidc;
pub mod password;
pub mod secret;
pub mod throttle;
pub mod token;

pub use keys::Keys;
pub use password::Passwords;
pub use throttle::Throttle;
