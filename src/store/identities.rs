//! People whom an issuer knows: their account at the first use, and its role as the issuer's newest token has it.

use std::collections::BTreeMap;

use entity::{account, account_identity};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter};

use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Introduction, NO_PASSWORD, NewAccount, Username};
use crate::model::{AuditAction, AuditNote, Author, Timestamp, UserId, Viewer};
use crate::store::Store;
use crate::store::accounts::{insert, state, target};
use crate::store::write::Writing;

impl Store {
    /// Gives somebody an account, or the one that is there the role of a newer token. Servers that meet the same person at
    /// once make one account. The actor is the server: nobody else has decided it.
    pub async fn introduce(&self, who: Introduction, now: Timestamp) -> Result<()> {
        let writing = self.begin_account_write(&Author::of(Viewer::Server)).await?;
        let key = (who.identity.issuer.clone(), who.identity.subject.clone());
        match account_identity::Entity::find_by_id(key).one(&writing.transaction).await? {
            None => make(&writing, who, now).await?,
            Some(row) if row.issued_s < who.issued => follow(&writing, row.account_id, who, now).await?,
            Some(_) => {}
        }
        writing.commit().await
    }
}

async fn make(writing: &Writing, who: Introduction, now: Timestamp) -> Result<()> {
    let username = free_name(&writing.transaction, who.names).await?;
    let password_hash = NO_PASSWORD.to_owned();
    let new = NewAccount { username, role: who.role, grants: BTreeMap::new(), password_hash, email: None };
    let account = insert(writing, AuditAction::UserCreated, new, now).await?;
    let row = account_identity::ActiveModel {
        issuer: Set(who.identity.issuer),
        subject: Set(who.identity.subject),
        account_id: Set(account),
        issued_s: Set(who.issued),
    };
    account_identity::Entity::insert(row).exec_without_returning(&writing.transaction).await?;
    Ok(())
}

async fn free_name(transaction: &DatabaseTransaction, names: Vec<Username>) -> Result<Username> {
    for name in names {
        let same = account::Entity::find().filter(account::Column::UsernameKey.eq(name.key()));
        if same.count(transaction).await? == 0 {
            return Ok(name);
        }
    }
    Err(Error::new(ErrorCode::Conflict, "others have every name that your account could have"))
}

/// The issuer alone decides, even on the last administrator: its word holds in the token anyway.
async fn follow(writing: &Writing, id: UserId, who: Introduction, now: Timestamp) -> Result<()> {
    let transaction = &writing.transaction;
    let Some(before) = account::Entity::find_by_id(id).one(transaction).await? else { return Ok(()) };
    let state_before = state(transaction, &before).await?;
    let row = account::ActiveModel {
        id: Set(id),
        role: Set(who.role.as_str().to_owned()),
        updated_ms: Set(now.timestamp_millis()),
        ..Default::default()
    };
    let after = row.update(transaction).await?;
    let seen = account_identity::ActiveModel {
        issuer: Set(who.identity.issuer),
        subject: Set(who.identity.subject),
        issued_s: Set(who.issued),
        ..Default::default()
    };
    seen.update(transaction).await?;
    let state_after = state(transaction, &after).await?;
    let note = AuditNote::of_change(AuditAction::UserUpdated, target(id), state_before, state_after);
    writing.note(&note.into_iter().collect::<Vec<_>>()).await
}
