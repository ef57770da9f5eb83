//! Accounts and their grants. Every write bumps the version that servers watch, by trigger.

use std::collections::BTreeMap;

use entity::{account, account_grant, layer};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};
use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Account, AccountChange, NO_PASSWORD, NewAccount};
use crate::model::email::EmailAddress;
use crate::model::time::from_milliseconds as to_time;
use crate::model::{AuditAction, AuditNote, Author, LayerId, Role, Timestamp, UserId};
use crate::store::Store;
use crate::store::links;
use crate::store::sessions::revoke_sessions;
use crate::store::write::Writing;

impl Store {
    /// Every account, by name.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let mut grants = grants_of(&self.reader).await?;
        let rows = account::Entity::find().order_by_asc(account::Column::UsernameKey).all(&self.reader).await?;
        rows.into_iter().map(|row| to_account(row, &mut grants)).collect()
    }

    /// The account of a folded address.
    pub async fn account_by_email(&self, key: &str) -> Result<Option<Account>> {
        let row = account::Entity::find().filter(account::Column::EmailKey.eq(key)).one(&self.reader).await?;
        let Some(row) = row else { return Ok(None) };
        to_account(row, &mut grants_of(&self.reader).await?).map(Some)
    }

    /// The account of a folded name, with the hash of its password.
    pub async fn account_by_key(&self, key: &str) -> Result<Option<(Account, String)>> {
        let row = account::Entity::find().filter(account::Column::UsernameKey.eq(key)).one(&self.reader).await?;
        let Some(row) = row else { return Ok(None) };
        let mut grants = grants_of(&self.reader).await?;
        let hash = row.password_hash.clone();
        Ok(Some((to_account(row, &mut grants)?, hash)))
    }

    /// Whether there is any account that signs in by password. Those of an issuer do not count: whoever comes first with a
    /// token of it must not keep the operator from making the first administrator.
    pub async fn has_accounts(&self) -> Result<bool> {
        has_accounts(&self.reader).await
    }

    /// Makes an account; a name that somebody has is a conflict.
    pub async fn create_account(&self, author: &Author, new: NewAccount, now: Timestamp) -> Result<UserId> {
        let writing = self.begin_account_write(author).await?;
        let id = insert(&writing, AuditAction::UserCreated, new, now).await?;
        writing.commit().await?;
        Ok(id)
    }

    /// Changes an account; `false` when there is none. The last administrator who may sign in stays one.
    pub async fn update_account(
        &self,
        author: &Author,
        id: UserId,
        change: AccountChange,
        now: Timestamp,
    ) -> Result<bool> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let Some(before) = account::Entity::find_by_id(id).one(transaction).await? else { return Ok(false) };
        let state_before = state(transaction, &before).await?;
        // Who changes their own password stays signed in where they do it.
        let password = change.password.as_ref().map(|(_, kept)| match kept {
            Some(_) => AuditAction::PasswordChanged,
            None => AuditAction::PasswordSet,
        });
        let mut row =
            account::ActiveModel { id: Set(id), updated_ms: Set(now.timestamp_millis()), ..Default::default() };
        if let Some(role) = change.role {
            row.role = Set(role.as_str().to_owned());
        }
        if let Some(disabled) = change.disabled {
            row.disabled = Set(disabled);
            if disabled {
                revoke_sessions(transaction, id, None, now).await?;
                links::forget_of_account(transaction, id).await?;
            }
        }
        if let Some(email) = change.email {
            set_email(transaction, &before, &mut row, email).await?;
        }
        if let Some((hash, kept)) = change.password {
            row.password_hash = Set(hash);
            revoke_sessions(transaction, id, kept, now).await?;
            links::forget_of_account(transaction, id).await?;
        }
        let after = account::Entity::update(row).exec(transaction).await?;
        if let Some(grants) = change.grants {
            account_grant::Entity::delete_many()
                .filter(account_grant::Column::AccountId.eq(id))
                .exec(transaction)
                .await?;
            insert_grants(transaction, id, grants).await?;
        }
        require_administrator_after(&before, transaction).await?;
        let state_after = state(transaction, &after).await?;
        let updated = AuditNote::of_change(AuditAction::UserUpdated, target(id), state_before, state_after);
        let password = password.map(|action| AuditNote::of(action, target(id), None, None));
        let notes: Vec<_> = updated.into_iter().chain(password).collect();
        writing.note(&notes).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// Removes an account with its sessions and tokens; `false` when there is none.
    pub async fn delete_account(&self, author: &Author, id: UserId) -> Result<bool> {
        let writing = self.begin_account_write(author).await?;
        let transaction = &writing.transaction;
        let Some(before) = account::Entity::find_by_id(id).one(transaction).await? else { return Ok(false) };
        let state = state(transaction, &before).await?;
        account::Entity::delete_by_id(id).exec(transaction).await?;
        require_administrator_after(&before, transaction).await?;
        writing.note(&[AuditNote::of(AuditAction::UserDeleted, target(id), Some(&state), None)]).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// A transaction that no other write to accounts runs beside: two administrators cannot disable each other.
    pub(super) async fn begin_account_write(&self, author: &Author) -> Result<Writing> {
        let writing = self.write_accounts(author).await?;
        let version = "version";
        let touch = Query::update().table("account_state").value(version, Expr::col(version).add(1)).take();
        writing.transaction.execute(&touch).await?;
        Ok(writing)
    }
}

/// Whether anybody signs in by password: see [`Store::has_accounts`].
pub(super) async fn has_accounts(connection: &impl ConnectionTrait) -> Result<bool> {
    let by_password = account::Entity::find().filter(account::Column::PasswordHash.ne(NO_PASSWORD));
    Ok(by_password.count(connection).await? > 0)
}

/// Makes an account in the transaction at hand.
pub(super) async fn insert(writing: &Writing, action: AuditAction, new: NewAccount, now: Timestamp) -> Result<UserId> {
    let transaction = &writing.transaction;
    let key = new.username.key();
    let same = account::Entity::find().filter(account::Column::UsernameKey.eq(&key)).count(transaction).await?;
    if same > 0 {
        return Err(Error::new(ErrorCode::Conflict, "somebody has this name already").at("username"));
    }
    let row = account::ActiveModel {
        username: Set(new.username.as_str().to_owned()),
        username_key: Set(key),
        role: Set(new.role.as_str().to_owned()),
        disabled: Set(false),
        email: Set(new.email.as_ref().map(|(email, _)| email.as_str().to_owned())),
        email_key: Set(new.email.as_ref().map(|(email, _)| email.key())),
        email_verified: Set(new.email.is_some_and(|(_, is_verified)| is_verified)),
        password_hash: Set(new.password_hash),
        created_ms: Set(now.timestamp_millis()),
        updated_ms: Set(now.timestamp_millis()),
        ..Default::default()
    };
    let made = row.insert(transaction).await?;
    insert_grants(transaction, made.id, new.grants).await?;
    let state = state(transaction, &made).await?;
    writing.note(&[AuditNote::of(action, target(made.id), None, Some(&state))]).await?;
    Ok(made.id)
}

/// Another address is not proved, and a link that went to the one before is worth nothing.
async fn set_email(
    transaction: &DatabaseTransaction,
    before: &account::Model,
    row: &mut account::ActiveModel,
    email: Option<EmailAddress>,
) -> Result<()> {
    let key = email.as_ref().map(EmailAddress::key);
    if key != before.email_key {
        if let Some(email) = &email {
            if has_account(transaction, email).await? {
                return Err(Error::new(ErrorCode::Conflict, "another account has this address").at("email"));
            }
            links::forget_of_email(transaction, email).await?;
        }
        links::forget_of_account(transaction, before.id).await?;
        row.email_verified = Set(false);
    }
    row.email = Set(email.map(|email| email.as_str().to_owned()));
    row.email_key = Set(key);
    Ok(())
}

/// Whether an account has this address.
pub(super) async fn has_account(transaction: &DatabaseTransaction, email: &EmailAddress) -> Result<bool> {
    let same = account::Entity::find().filter(account::Column::EmailKey.eq(email.key()));
    Ok(same.count(transaction).await? > 0)
}

pub(super) fn target(id: UserId) -> String {
    format!("user:{id}")
}

/// What the audit log keeps of an account: never the hash of its password.
pub(super) async fn state(transaction: &DatabaseTransaction, row: &account::Model) -> Result<Value> {
    let grants = account_grant::Entity::find().filter(account_grant::Column::AccountId.eq(row.id));
    let grants: BTreeMap<_, _> =
        grants.all(transaction).await?.into_iter().map(|row| (row.layer_id, row.role)).collect();
    let layers = layer::Entity::find().filter(layer::Column::Id.is_in(grants.keys().copied()));
    let layers = if grants.is_empty() { Vec::new() } else { layers.all(transaction).await? };
    let grants: Map<_, _> =
        layers.into_iter().filter_map(|layer| Some((layer.key, json!(grants.get(&layer.id)?)))).collect();
    let mut state = json!({ "username": row.username, "role": row.role, "disabled": row.disabled, "grants": grants });
    if let (Some(email), Value::Object(state)) = (&row.email, &mut state) {
        state.insert("email".to_owned(), json!(email));
    }
    Ok(state)
}

async fn insert_grants(transaction: &DatabaseTransaction, id: UserId, grants: BTreeMap<LayerId, Role>) -> Result<()> {
    if grants.is_empty() {
        return Ok(());
    }
    let rows = grants.into_iter().map(|(layer, role)| account_grant::ActiveModel {
        account_id: Set(id),
        layer_id: Set(layer),
        role: Set(role.as_str().to_owned()),
    });
    account_grant::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    Ok(())
}

/// A change of an administrator must leave one who can sign in by password: an issuer may be gone tomorrow.
async fn require_administrator_after(before: &account::Model, transaction: &DatabaseTransaction) -> Result<()> {
    if before.disabled || before.role != Role::Admin.as_str() || before.password_hash == NO_PASSWORD {
        return Ok(());
    }
    let left = account::Entity::find()
        .filter(account::Column::Role.eq(Role::Admin.as_str()))
        .filter(account::Column::Disabled.eq(false))
        .filter(account::Column::PasswordHash.ne(NO_PASSWORD))
        .count(transaction)
        .await?;
    if left > 0 {
        return Ok(());
    }
    let sentence = "this is the last administrator who can sign in: make another one first";
    Err(Error::new(ErrorCode::Conflict, sentence))
}

/// The grants by account.
pub(super) async fn grants_of(connection: &impl ConnectionTrait) -> Result<BTreeMap<UserId, BTreeMap<LayerId, Role>>> {
    let mut grants: BTreeMap<UserId, BTreeMap<LayerId, Role>> = BTreeMap::new();
    for row in account_grant::Entity::find().all(connection).await? {
        grants.entry(row.account_id).or_default().insert(row.layer_id, to_role(&row.role));
    }
    Ok(grants)
}

/// The account of a row, with its grants taken out of those of all.
pub(super) fn to_account(
    row: account::Model,
    grants: &mut BTreeMap<UserId, BTreeMap<LayerId, Role>>,
) -> Result<Account> {
    Ok(Account {
        id: row.id,
        grants: grants.remove(&row.id).unwrap_or_default(),
        username: row.username,
        role: to_role(&row.role),
        disabled: row.disabled,
        email: row.email,
        email_verified: row.email_verified,
        created: to_time(row.created_ms)?,
        updated: to_time(row.updated_ms)?,
    })
}

/// The tables hold known words only; what another program may bring past that is the least.
fn to_role(word: &str) -> Role {
    Role::parse(word).unwrap_or(Role::Viewer)
}
