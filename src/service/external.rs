//! From a token of the OpenID Connect issuer to the viewer that it stands for: an account of ours, made at the first use, so
//! that the audit log, `createdBy` and grants know them. The role is the one of the token.

use chrono::Utc;

use crate::auth::oidc::{Claimed, Issuer};
use crate::auth::secret;
use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Account, AccountBook, Introduction, MOST_NAME_LETTERS, Username};
use crate::model::{Caller, Credential, Scope};
use crate::service::Accounts;
use crate::service::rights::{caller, refused};

/// Letters of the mark that tells two people of one name apart: 48 bits.
const MARK_LETTERS: usize = 12;

impl Accounts {
    pub(super) async fn of_issuer(&self, issuer: &Issuer, token: &str) -> Result<Caller> {
        let claimed = issuer.verify(token).await?;
        let account = match known(&*self.cache.current(&self.store).await?, &claimed)? {
            Some(account) => account,
            None => self.meet(&claimed).await?,
        };
        let account = Account { role: claimed.role, ..account };
        Ok(caller(&account, Scope::Session, Credential::Issuer))
    }

    /// One at a time: a page that asks ten questions at its first use makes one account by one transaction.
    async fn meet(&self, claimed: &Claimed) -> Result<Account> {
        let _turn = self.meeting.lock().await;
        if let Some(account) = known(&*self.cache.newest(&self.store).await?, claimed)? {
            return Ok(account);
        }
        let who = Introduction {
            identity: claimed.identity.clone(),
            names: names(claimed),
            role: claimed.role,
            issued: claimed.issued,
        };
        self.store.introduce(who, Utc::now()).await?;
        self.cache.forget();
        known(&*self.cache.current(&self.store).await?, claimed)?
            .ok_or_else(|| Error::new(ErrorCode::Unavailable, "your account has changed at this moment: try again"))
    }
}

/// The account, if its role needs no change. A token that is older than another that was seen keeps its own role and changes
/// nothing: two tokens of one person do not write by turns.
fn known(book: &AccountBook, claimed: &Claimed) -> Result<Option<Account>> {
    let Some((id, issued)) = book.identities.get(&claimed.identity) else { return Ok(None) };
    let account = book.accounts.get(id).ok_or_else(refused)?;
    if account.disabled {
        return Err(refused());
    }
    Ok((account.role == claimed.role || claimed.issued <= *issued).then(|| account.clone()))
}

/// What the account may be called, best first; the mark makes a name that nobody else has.
fn names(claimed: &Claimed) -> Vec<Username> {
    let identity = &claimed.identity;
    // A line break parts them: neither has one.
    let hash = secret::hash(&format!("{}\n{}", identity.issuer, identity.subject));
    let mark: String = hash.chars().take(MARK_LETTERS).collect();
    let name = claimed.names.iter().find_map(|name| Username::near(name));
    let marked = name.iter().filter_map(|name| {
        let cut: String = name.as_str().chars().take(MOST_NAME_LETTERS - MARK_LETTERS - 1).collect();
        Username::near(&format!("{cut}-{mark}"))
    });
    name.clone().into_iter().chain(marked).chain(Username::near(&hash)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::model::account::Identity;

    #[test]
    fn everybody_has_a_name_that_is_free() {
        let claimed = |names: &[&str], subject: &str| {
            let identity = Identity { issuer: "https://a.example".to_owned(), subject: subject.to_owned() };
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Claimed::of_test(identity, names, Role::Viewer)
        };
        let of = |names: &[&str], subject: &str| -> Vec<String> {
            super::names(&claimed(names, subject)).iter().map(|name| name.as_str().to_owned()).collect()
        };
        let anna = of(&["anna", "anna@b.example", "7"], "7");
        assert_eq!((anna.len(), anna[0].as_str()), (3, "anna"));
        assert!(anna[1].starts_with("anna-") && anna[1].len() == 17 && anna[2].len() == 64);
        assert_eq!(of(&["<|>", "anna@b.example"], "7")[0], "anna@b.example");
        assert_eq!(of(&["<|>"], "<|>").len(), 1);
        assert_ne!(of(&["anna"], "8")[1], anna[1]);
        let long = of(&[&"n".repeat(200)], "9");
        assert!(long.iter().all(|name| name.len() == 64) && long[0] != long[1]);
    }
}
