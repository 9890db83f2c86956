//! The binary: the command line and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    connect_migrate::cli::main(std::env::args_os()).into()
}
