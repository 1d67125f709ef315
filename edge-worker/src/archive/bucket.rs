//! What the archive needs of a bucket.

use crate::http::Failure;

/// A bucket, be it R2 or the one of a test.
pub(crate) trait Bucket {
    /// Writes an object; one of that name is replaced.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Failure>;
    /// An object's bytes, if it is there.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure>;
    /// How many bytes an object has, if it is there.
    async fn size(&self, key: &str) -> Result<Option<u64>, Failure>;
    /// Takes an object away, if it is there.
    async fn delete(&self, key: &str) -> Result<(), Failure>;
}

impl Bucket for worker::Bucket {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        Self::put(self, key, bytes).execute().await?;
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Some(object) = Self::get(self, key).execute().await? else {
            return Ok(None);
        };
        match object.body() {
            Some(body) => Ok(Some(body.bytes().await?)),
            None => Ok(None),
        }
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, Failure> {
        Ok(self.head(key).await?.map(|object| object.size()))
    }

    async fn delete(&self, key: &str) -> Result<(), Failure> {
        Ok(Self::delete(self, key).await?)
    }
}
