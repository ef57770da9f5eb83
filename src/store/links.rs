//! Links that are good once, with what each brings. Only the hash of a token is kept.

use std::collections::BTreeMap;

use entity::one_time_link::{ActiveModel, Column, Entity, Model};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::account::Username;
use crate::model::email::EmailAddress;
use crate::model::link::{Invitation, Invited, LinkContent, LinkPurpose, Registration};
use crate::model::time::from_milliseconds as to_time;
use crate::model::{LayerId, Role, Timestamp, UserId};
use crate::store::Store;

/// Live links of one purpose: a flood of registrations ends here and not at the end of the disk.
const MOST_LINKS: u64 = 10_000;

/// `details` of a registration.
#[derive(Serialize, Deserialize)]
struct RegistrationWire {
    username: String,
    email: String,
    password_hash: String,
}

/// `details` of an invitation; grants by the row number of the layer.
#[derive(Serialize, Deserialize)]
struct InvitationWire {
    email: String,
    role: String,
    grants: BTreeMap<LayerId, String>,
    is_mailed: bool,
}

/// A link to be kept.
#[derive(Debug)]
pub struct NewLink {
    /// The hash of its token.
    pub hash: String,
    /// What it brings.
    pub content: LinkContent,
    /// Now.
    pub created: Timestamp,
}

impl Store {
    /// Keeps a link.
    pub async fn add_link(&self, new: NewLink) -> Result<()> {
        let transaction = self.begin_write().await?;
        insert(&transaction, new).await?;
        Ok(transaction.commit().await?)
    }

    /// What a link brings; `None` when it is unknown, spent, has ended or is for something else.
    pub async fn link(&self, purpose: LinkPurpose, hash: &str, now: Timestamp) -> Result<Option<LinkContent>> {
        let row = find(&self.reader, purpose, hash, now).await?;
        row.map(|row| content(&row)).transpose()
    }

    /// The invitations that nobody has accepted, newest first.
    pub async fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>> {
        let rows = Entity::find()
            .filter(Column::Purpose.eq(LinkPurpose::Invitation.as_str()))
            .filter(Column::ExpiresMs.gt(now.timestamp_millis()))
            .order_by_desc(Column::Id)
            .all(&self.reader)
            .await?;
        rows.iter().map(to_invitation).collect()
    }
}

/// Keeps a link, and forgets those that have ended.
pub(super) async fn insert(transaction: &DatabaseTransaction, new: NewLink) -> Result<Model> {
    let now = new.created.timestamp_millis();
    let purpose = new.content.purpose();
    Entity::delete_many().filter(Column::ExpiresMs.lte(now)).exec(transaction).await?;
    if Entity::find().filter(Column::Purpose.eq(purpose.as_str())).count(transaction).await? >= MOST_LINKS {
        return Err(Error::limit(format!("{MOST_LINKS} links of this kind are open: wait until some of them end")));
    }
    let (account_id, email_key, details) = match new.content {
        LinkContent::SetUp => (None, None, "{}".to_owned()),
        LinkContent::PasswordReset(account) => (Some(account), None, "{}".to_owned()),
        LinkContent::Registration(Registration { username, email, password_hash }) => {
            let username = username.as_str().to_owned();
            let wire = RegistrationWire { username, email: email.as_str().to_owned(), password_hash };
            (None, Some(email.key()), serde_json::to_string(&wire).map_err(Error::internal)?)
        }
        LinkContent::Invitation(Invited { email, role, grants, is_mailed }) => {
            let grants = grants.into_iter().map(|(layer, role)| (layer, role.as_str().to_owned())).collect();
            let role = role.as_str().to_owned();
            let wire = InvitationWire { email: email.as_str().to_owned(), role, grants, is_mailed };
            (None, Some(email.key()), serde_json::to_string(&wire).map_err(Error::internal)?)
        }
    };
    let row = ActiveModel {
        purpose: Set(purpose.as_str().to_owned()),
        hash: Set(new.hash),
        account_id: Set(account_id),
        email_key: Set(email_key),
        details: Set(details),
        created_ms: Set(now),
        expires_ms: Set((new.created + purpose.lifetime()).timestamp_millis()),
        ..Default::default()
    };
    Ok(row.insert(transaction).await?)
}

/// Spends a link: what it brings, once.
pub(super) async fn take(
    transaction: &DatabaseTransaction,
    purpose: LinkPurpose,
    hash: &str,
    now: Timestamp,
) -> Result<Option<LinkContent>> {
    let Some(row) = find(transaction, purpose, hash, now).await? else { return Ok(None) };
    let spent = Entity::delete_by_id(row.id).exec(transaction).await?;
    // On PostgreSQL another transaction may have spent it since it was read.
    if spent.rows_affected == 0 { Ok(None) } else { content(&row).map(Some) }
}

/// Forgets every link of a purpose.
pub(super) async fn forget(transaction: &DatabaseTransaction, purpose: LinkPurpose) -> Result<()> {
    Entity::delete_many().filter(Column::Purpose.eq(purpose.as_str())).exec(transaction).await?;
    Ok(())
}

/// Forgets the links that would give an account a new password: it has one, or may not sign in.
pub(super) async fn forget_of_account(transaction: &DatabaseTransaction, account: UserId) -> Result<()> {
    Entity::delete_many().filter(Column::AccountId.eq(account)).exec(transaction).await?;
    Ok(())
}

/// Forgets the links for an address that has an account now.
pub(super) async fn forget_of_email(transaction: &DatabaseTransaction, email: &EmailAddress) -> Result<()> {
    Entity::delete_many().filter(Column::EmailKey.eq(email.key())).exec(transaction).await?;
    Ok(())
}

async fn find(
    connection: &impl ConnectionTrait,
    purpose: LinkPurpose,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Model>> {
    let row = Entity::find()
        .filter(Column::Hash.eq(hash))
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::ExpiresMs.gt(now.timestamp_millis()));
    Ok(row.one(connection).await?)
}

fn content(row: &Model) -> Result<LinkContent> {
    let strange = || Error::internal(format!("the link {} has a purpose that is not known", row.id));
    let purposes = [LinkPurpose::SetUp, LinkPurpose::Registration, LinkPurpose::Invitation, LinkPurpose::PasswordReset];
    match purposes.into_iter().find(|purpose| purpose.as_str() == row.purpose).ok_or_else(strange)? {
        LinkPurpose::SetUp => Ok(LinkContent::SetUp),
        LinkPurpose::PasswordReset => Ok(LinkContent::PasswordReset(row.account_id.ok_or_else(strange)?)),
        LinkPurpose::Invitation => Ok(LinkContent::Invitation(invited(row)?)),
        LinkPurpose::Registration => {
            let wire: RegistrationWire = serde_json::from_str(&row.details).map_err(Error::internal)?;
            let username = Username::parse(&wire.username).map_err(Error::internal)?;
            let email = EmailAddress::parse(&wire.email).map_err(Error::internal)?;
            Ok(LinkContent::Registration(Registration { username, email, password_hash: wire.password_hash }))
        }
    }
}

fn invited(row: &Model) -> Result<Invited> {
    let wire: InvitationWire = serde_json::from_str(&row.details).map_err(Error::internal)?;
    let role = |word: &str| Role::parse(word).ok_or_else(|| Error::internal("an invitation names no role"));
    let grants = wire.grants.iter().map(|(layer, word)| Ok((*layer, role(word)?)));
    Ok(Invited {
        email: EmailAddress::parse(&wire.email).map_err(Error::internal)?,
        role: role(&wire.role)?,
        grants: grants.collect::<Result<_>>()?,
        is_mailed: wire.is_mailed,
    })
}

pub(super) fn to_invitation(row: &Model) -> Result<Invitation> {
    let (created, expires) = (to_time(row.created_ms)?, to_time(row.expires_ms)?);
    Ok(Invitation { id: row.id, invited: invited(row)?, created, expires })
}
