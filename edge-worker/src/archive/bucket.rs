//! What the archive needs of a bucket.

use crate::http::Failure;
use worker::Conditional;

/// A bucket, be it R2 or the one of a test.
pub(crate) trait Bucket {
    /// Writes an object; one of that name is replaced.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Failure>;
    /// Writes an object if what is there is what the caller has seen, by its tag, or nothing where nothing
    /// was there; whether it did.
    async fn replace(&self, key: &str, seen: Option<&str>, bytes: Vec<u8>)
    -> Result<bool, Failure>;
    /// An object's bytes and its tag, if it is there.
    async fn get(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Failure>;
    /// How many bytes an object has, and its tag, if it is there.
    async fn head(&self, key: &str) -> Result<Option<(u64, String)>, Failure>;
}

impl Bucket for worker::Bucket {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        Self::put(self, key, bytes).execute().await?;
        Ok(())
    }

    async fn replace(
        &self,
        key: &str,
        seen: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<bool, Failure> {
        let only_if = match seen {
            Some(tag) => Conditional {
                etag_matches: Some(tag.to_owned()),
                ..Conditional::default()
            },
            None => Conditional {
                etag_does_not_match: Some(String::from("*")),
                ..Conditional::default()
            },
        };
        let put = Self::put(self, key, bytes)
            .only_if(only_if)
            .execute()
            .await?;
        Ok(put.is_some())
    }

    async fn get(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Failure> {
        let Some(object) = Self::get(self, key).execute().await? else {
            return Ok(None);
        };
        match object.body() {
            Some(body) => Ok(Some((body.bytes().await?, object.etag()))),
            None => Ok(None),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<(u64, String)>, Failure> {
        let found = Self::head(self, key).await?;
        Ok(found.map(|object| (object.size(), object.etag())))
    }
}
