//! What redeeming a link does: each in one transaction with the end of the link.

use std::collections::BTreeMap;

use entity::{account, layer, one_time_link};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::error::{Error, ErrorCode, Result};
use crate::model::account::NewAccount;
use crate::model::link::{Invitation, LinkContent, LinkId, LinkPurpose, Registration};
use crate::model::time::format_timestamp;
use crate::model::{AuditAction, AuditNote, Author, Role, Timestamp, UserId, Viewer};
use crate::store::Store;
use crate::store::accounts::{has_account, has_accounts, insert, target};
use crate::store::links::{self, NewLink};
use crate::store::sessions::revoke_sessions;

impl Store {
    /// Makes the first administrator out of a set-up link, which is worth nothing afterwards; `None` when the link is unknown,
    /// has ended, or there is an account already.
    pub async fn redeem_setup(
        &self,
        author: &Author,
        hash: &str,
        new: NewAccount,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let link = links::take(transaction, LinkPurpose::SetUp, hash, now).await?;
        if link.is_none() || has_accounts(transaction).await? {
            return Ok(None);
        }
        let id = insert(&writing, AuditAction::AdminSetUp, new, now).await?;
        links::forget(transaction, LinkPurpose::SetUp).await?;
        writing.commit().await?;
        Ok(Some(id))
    }

    /// Makes the account only if there is none; servers that start at once make one.
    pub async fn create_first_account(&self, new: NewAccount, now: Timestamp) -> Result<bool> {
        let writing = self.begin_account_write(&Author::of(Viewer::Server)).await?;
        if has_accounts(&writing.transaction).await? {
            return Ok(false);
        }
        insert(&writing, AuditAction::AdminSetUp, new, now).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// Makes the account of somebody who registered; `None` when the link is unknown or has ended, or the address has an
    /// account by now. A name that somebody has taken meanwhile is a conflict, and the link stays.
    pub async fn redeem_registration(&self, author: &Author, hash: &str, now: Timestamp) -> Result<Option<UserId>> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let link = links::take(transaction, LinkPurpose::Registration, hash, now).await?;
        let Some(LinkContent::Registration(Registration { username, email, password_hash })) = link else {
            return Ok(None);
        };
        if has_account(transaction, &email).await? {
            return Ok(None);
        }
        links::forget_of_email(transaction, &email).await?;
        let email = Some((email, true));
        let new = NewAccount { username, role: Role::Viewer, grants: BTreeMap::new(), password_hash, email };
        let id = insert(&writing, AuditAction::UserRegistered, new, now).await?;
        writing.commit().await?;
        Ok(Some(id))
    }

    /// Invites somebody; an address that has an account is a conflict.
    pub async fn add_invitation(&self, author: &Author, new: NewLink) -> Result<Invitation> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let invitation = links::to_invitation(&links::insert(transaction, new).await?)?;
        if has_account(transaction, &invitation.invited.email).await? {
            return Err(Error::new(ErrorCode::Conflict, "somebody with this address has an account").at("email"));
        }
        let state = state(&invitation);
        let target = invitation_target(invitation.id);
        writing.note(&[AuditNote::of(AuditAction::InvitationCreated, target, None, Some(&state))]).await?;
        writing.commit().await?;
        Ok(invitation)
    }

    /// Takes an invitation back; `false` when there is none.
    pub async fn withdraw_invitation(&self, author: &Author, id: LinkId, now: Timestamp) -> Result<bool> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let row = one_time_link::Entity::find_by_id(id)
            .filter(one_time_link::Column::Purpose.eq(LinkPurpose::Invitation.as_str()))
            .filter(one_time_link::Column::ExpiresMs.gt(now.timestamp_millis()));
        let Some(row) = row.one(transaction).await? else { return Ok(false) };
        one_time_link::Entity::delete_by_id(id).exec(transaction).await?;
        let state = state(&links::to_invitation(&row)?);
        let note = AuditNote::of(AuditAction::InvitationWithdrawn, invitation_target(id), Some(&state), None);
        writing.note(&[note]).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// Makes the account of somebody who was invited, with the role and the grants of the invitation; `None` when the link is
    /// unknown, withdrawn or has ended, the address has an account by now, or every layer that it named is gone: without
    /// grants the role would hold everywhere.
    pub async fn redeem_invitation(
        &self,
        author: &Author,
        hash: &str,
        new: NewAccount,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let link = links::take(transaction, LinkPurpose::Invitation, hash, now).await?;
        let Some(LinkContent::Invitation(invited)) = link else { return Ok(None) };
        let mut grants = invited.grants;
        let is_limited = !grants.is_empty();
        let layers = layer::Entity::find().filter(layer::Column::Id.is_in(grants.keys().copied()));
        let left: Vec<_> = layers.all(transaction).await?.into_iter().map(|layer| layer.id).collect();
        grants.retain(|layer, _| left.contains(layer));
        if (is_limited && grants.is_empty()) || has_account(transaction, &invited.email).await? {
            return Ok(None);
        }
        links::forget_of_email(transaction, &invited.email).await?;
        let email = Some((invited.email, invited.is_mailed));
        let new = NewAccount { role: invited.role, grants, email, ..new };
        let id = insert(&writing, AuditAction::InvitationAccepted, new, now).await?;
        writing.commit().await?;
        Ok(Some(id))
    }

    /// Gives an account a new password by a link, ends its sessions and its other links; `false` when the link is unknown or
    /// has ended, or the account may not sign in. Who has the link has read the mail: the address is proved.
    pub async fn redeem_reset(
        &self,
        author: &Author,
        hash: &str,
        password_hash: String,
        now: Timestamp,
    ) -> Result<bool> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let link = links::take(transaction, LinkPurpose::PasswordReset, hash, now).await?;
        let Some(LinkContent::PasswordReset(id)) = link else { return Ok(false) };
        let row = account::Entity::find_by_id(id).filter(account::Column::Disabled.eq(false)).one(transaction).await?;
        if row.is_none() {
            return Ok(false);
        }
        let change = account::ActiveModel {
            id: Set(id),
            password_hash: Set(password_hash),
            email_verified: Set(true),
            updated_ms: Set(now.timestamp_millis()),
            ..Default::default()
        };
        change.update(transaction).await?;
        revoke_sessions(transaction, id, None, now).await?;
        links::forget_of_account(transaction, id).await?;
        writing.note(&[AuditNote::of(AuditAction::PasswordReset, target(id), None, None)]).await?;
        writing.commit().await?;
        Ok(true)
    }
}

fn invitation_target(id: LinkId) -> String {
    format!("invitation:{id}")
}

/// What the audit log keeps of an invitation: neither the token nor its hash.
fn state(invitation: &Invitation) -> Value {
    let invited = &invitation.invited;
    json!({
        "email": invited.email.as_str(),
        "role": invited.role.as_str(),
        "expiresAt": format_timestamp(invitation.expires),
    })
}
