//! Making layers with their locations.

use crate::error::{Error, ErrorCode, Result};
use crate::geometry::validity;
use crate::model::{NewLayer, NewLocation, Viewer};
use crate::service::Locations;

impl Locations {
    /// Makes a layer with its locations, all or nothing; `false` when the layer is there already. Only the server itself may.
    pub async fn create_layer(&self, viewer: &Viewer, layer: NewLayer, locations: Vec<NewLocation>) -> Result<bool> {
        match viewer {
            Viewer::Server => {}
            Viewer::Anonymous => return Err(Error::new(ErrorCode::Unauthenticated, "sign in first")),
            Viewer::SignedIn(_) => return Err(Error::new(ErrorCode::Forbidden, "only the server makes layers so")),
        }
        for (index, location) in locations.iter().enumerate() {
            validity::check(location.geometry.wkb())
                .map_err(|error| error.at("geometry").at(format!("[{index}]")).at(layer.key.clone()))?;
        }
        self.store().create_layer(layer, locations).await
    }
}
