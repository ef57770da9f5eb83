#![no_main]
//! The filter of a question, as an address, a command line or the variables of GraphQL have it.

use cairn::error::ErrorCode;
use cairn::format::feature::Format;
use cairn::graphql::export_input::ExportInput;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let input = ExportInput { filter: Some(text.to_owned()), ..ExportInput::default() };
    if let Err(error) = input.question("places".to_owned(), Format::GeoJson) {
        assert_ne!(error.code(), ErrorCode::Internal, "{error:?}");
    }
});
