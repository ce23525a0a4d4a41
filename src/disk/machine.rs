//! Which machine this is, and whether a process of it still runs.

use std::fs;

/// This machine as it runs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name, for people; `unknown` where the system does not tell it.
    pub host: String,
    /// Its boot and space of process ids; empty where the system does not tell them. Containers on one
    /// machine may share the name, and never this.
    pub id: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let host = text("/proc/sys/kernel/hostname").unwrap_or_else(|| "unknown".to_owned());
        let space = fs::read_link("/proc/self/ns/pid").ok();
        let id = match (text("/proc/sys/kernel/random/boot_id"), space) {
            (Some(boot), Some(space)) => format!("{boot}/{}", space.display()),
            _ => String::new(),
        };
        Self { host, id }
    }

    /// Whether a process of the machine `id` is known to have ended. Of another machine nobody knows.
    pub fn has_ended(&self, id: &str, process: u32) -> bool {
        !id.is_empty()
            && id == self.id
            && fs::exists(format!("/proc/{process}")).is_ok_and(|is_there| !is_there)
    }
}

fn text(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?.trim().to_owned();
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_ended_only_where_that_is_known() {
        let this = Machine::this();
        assert!(!this.has_ended(&this.id, std::process::id()));
        assert!(!this.has_ended("another machine", u32::MAX));
        assert!(!Machine { id: String::new(), ..this.clone() }.has_ended("", u32::MAX));
        if !this.id.is_empty() {
            let mut child = std::process::Command::new("true").spawn().unwrap();
            let process = child.id();
            child.wait().unwrap();
            assert!(this.has_ended(&this.id, process));
        }
    }
}
