//! Signing in and out, and staying signed in.

use std::net::IpAddr;

use chrono::{Duration, Utc};

use crate::auth::password;
use crate::auth::secret::{RefreshToken, Shown, random};
use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Account, AccountChange, Caller, NO_PASSWORD, SessionId, fold};
use crate::model::{Timestamp, UserId};
use crate::service::Accounts;
use crate::service::rights::{no_such_account, signed_in};
use crate::store::sessions::{Exchange, Family, NewSession};

/// A person signs in again after so many days.
pub const SESSION_DAYS: i64 = 30;
/// A spent refresh token still gives its successor for so long: tabs that wake up at once all send the same one.
const OVERLAP: Duration = Duration::seconds(10);

/// What a client gets for a password or a refresh token.
#[derive(Debug)]
pub struct SignIn {
    /// Proves who asks, for minutes.
    pub access_token: Shown,
    /// Good once for the next pair of tokens.
    pub refresh_token: Shown,
    /// The end of the access token.
    pub expires: Timestamp,
    /// Whose they are.
    pub account: Account,
}

impl Accounts {
    /// Signs in by name and password. An unknown name, a disabled account and a wrong password cost and tell the same.
    pub async fn login(&self, username: &str, password: String, address: IpAddr) -> Result<SignIn> {
        let key = fold(username);
        let attempt = self.throttle.attempt(Some(&key), address)?;
        let found = self.store.account_by_key(&key).await?.filter(|(account, _)| !account.disabled);
        // An account of an issuer has no password: it costs the work of a name that nobody has.
        let found = found.filter(|(_, hash)| hash != NO_PASSWORD);
        let hash = found.as_ref().map(|(_, hash)| hash.clone());
        let is_right = self.passwords.verify(hash, password).await?;
        let Some((account, hash)) = found.filter(|_| is_right) else {
            return Err(Error::new(ErrorCode::Unauthenticated, "the user name or the password is wrong"));
        };
        attempt.succeeded();
        self.begin(account.id, hash).await
    }

    /// Opens a session whose password was proved against this hash.
    pub(super) async fn begin(&self, account: UserId, password_hash: String) -> Result<SignIn> {
        let created = Utc::now();
        let secret = random()?;
        let new = NewSession {
            account,
            password_hash,
            secret: secret.to_vec(),
            created,
            expires: created + Duration::days(SESSION_DAYS),
        };
        let first = |id: SessionId| {
            let token = RefreshToken::first(id, &secret)?;
            let hash = token.hash();
            Ok((token, hash))
        };
        let (session, token) = self.store.create_session(new, first).await?;
        self.cache.forget();
        self.tokens_for(account, session, &token).await
    }

    /// Exchanges a refresh token. One that was spent longer than a moment ago was stolen, or is in the hands of a thief's
    /// victim: its whole family ends.
    pub async fn refresh(&self, token: &str) -> Result<SignIn> {
        let refused =
            || Error::new(ErrorCode::Unauthenticated, "the refresh token is not valid or has ended: sign in again");
        let token = RefreshToken::parse(token).ok_or_else(refused)?;
        let now = Utc::now();
        let outcome = self.store.exchange(token.session, now, |family| decide(&token, family, now)).await?;
        let (exchange, (account, successor)) = outcome.ok_or_else(refused)?;
        match exchange {
            Exchange::Rotate(_) | Exchange::Keep => self.tokens_for(account, token.session, &successor).await,
            Exchange::Revoke => {
                self.cache.forget();
                tracing::warn!(
                    account,
                    session = token.session,
                    "a spent refresh token came again: the session is ended"
                );
                Err(refused())
            }
            Exchange::Refuse => Err(refused()),
        }
    }

    async fn tokens_for(&self, account: UserId, session: SessionId, refresh: &RefreshToken) -> Result<SignIn> {
        let (access_token, expires) = self.tokens.sign(account, session).await?;
        let book = self.cache.current(&self.store).await?;
        let account = match book.accounts.get(&account) {
            Some(account) => account.clone(),
            // Made a moment ago on another server.
            None => {
                self.cache.newest(&self.store).await?.accounts.get(&account).cloned().ok_or_else(no_such_account)?
            }
        };
        let expires = Timestamp::from_timestamp(expires, 0).ok_or_else(|| Error::internal("the end of a token"))?;
        Ok(SignIn { access_token, refresh_token: refresh.shown(), expires, account })
    }

    /// Ends the session that the caller came with.
    pub async fn logout(&self, caller: &Caller) -> Result<()> {
        let (_, session) = signed_in(caller)?;
        self.store.end_session(session, Utc::now()).await?;
        self.cache.forget();
        Ok(())
    }

    /// Changes the caller's own password and ends their other sessions. Guesses at the old one count as failed sign-ins.
    pub async fn change_password(&self, caller: &Caller, old: String, new: String, address: IpAddr) -> Result<()> {
        let (account, session) = signed_in(caller)?;
        let book = self.cache.current(&self.store).await?;
        let key = fold(&book.accounts.get(&account).ok_or_else(no_such_account)?.username);
        let attempt = self.throttle.attempt(Some(&key), address)?;
        let (account, hash) = self.store.account_by_key(&key).await?.ok_or_else(no_such_account)?;
        if !self.passwords.verify(Some(hash), old).await? {
            return Err(Error::bad_input("this is not the current password").at("current"));
        }
        attempt.succeeded();
        password::check(&account.username, &new)
            .map_err(|error| Error::bad_input(error.message().to_owned()).at("new"))?;
        let hash = self.passwords.hash(new).await?;
        let change = AccountChange { password: Some((hash, Some(session))), ..AccountChange::default() };
        self.change(&caller.author(), account.id, change).await
    }
}

/// What becomes of the family of a token, and what its client gets.
fn decide(token: &RefreshToken, family: &Family, now: Timestamp) -> (Exchange, (UserId, RefreshToken)) {
    let successor = token.successor(&family.secret);
    let hash = token.hash();
    let exchange = if !family.is_live || !token.is_genuine(&family.secret) {
        Exchange::Refuse
    } else if hash == family.current {
        Exchange::Rotate(successor.hash())
    } else if Some(hash) == family.previous && now < family.rotated + OVERLAP {
        Exchange::Keep
    } else {
        Exchange::Revoke
    };
    (exchange, (family.account, successor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_family_depends_on_which_token_comes_and_when() {
        let first = RefreshToken::first(1, b"secret").unwrap();
        let second = first.successor(b"secret");
        let third = second.successor(b"secret");
        let rotated = Utc::now();
        let family = |is_live| Family {
            account: 7,
            secret: b"secret".to_vec(),
            current: third.hash(),
            previous: Some(second.hash()),
            rotated,
            is_live,
        };
        let at = |token: &RefreshToken, seconds, is_live| {
            decide(token, &family(is_live), rotated + Duration::seconds(seconds)).0
        };
        assert_eq!(at(&third, 0, true), Exchange::Rotate(third.successor(b"secret").hash()));
        assert_eq!(at(&second, 9, true), Exchange::Keep);
        assert_eq!(decide(&second, &family(true), rotated).1, (7, third.clone()));
        assert_eq!(at(&second, 10, true), Exchange::Revoke);
        assert_eq!(at(&first, 0, true), Exchange::Revoke);
        assert_eq!(at(&third.successor(b"secret"), 0, true), Exchange::Revoke);
        assert_eq!(at(&RefreshToken::first(1, b"other").unwrap(), 0, true), Exchange::Refuse);
        for token in [&first, &second, &third] {
            assert_eq!(at(token, 0, false), Exchange::Refuse);
        }
    }
}
