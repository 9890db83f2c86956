//! Made-up credentials in configurations, as `connect_migrate::fuzz` holds it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| connect_migrate::fuzz::canary(bytes));
