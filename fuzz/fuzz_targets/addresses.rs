//! Addresses of servers and databases, as `connect_migrate::fuzz` holds it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| connect_migrate::fuzz::addresses(bytes));
