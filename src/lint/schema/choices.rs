//! Alternatives: all of, any of, one of, not, if.

use serde_json::Value;

use crate::catalogue::Schema;
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{EXCLUSIVE_PROPERTIES, PROPERTY_VALUE};
use crate::lint::schema::judge::{Judge, Verdict};

impl Judge<'_, '_> {
    pub(super) fn choices(&mut self, value: &Value, schema: &'static Schema, path: &Path<'_>) {
        for each in &schema.all_of {
            self.value(value, each, path);
        }
        if !schema.any_of.is_empty() {
            self.any_of(value, &schema.any_of, path);
        }
        if !schema.one_of.is_empty() {
            self.one_of(value, &schema.one_of, path);
        }
        if let Some(refused) = &schema.not {
            match self.tried(value, refused, path).0 {
                Verdict::Fits => {
                    let message = match path.name() {
                        // Written `"not": {}` in the rules: nothing at all may stand here.
                        Some(name) if **refused == Schema::default() => {
                            format!("`{name}` does not belong here")
                        }
                        _ => "this combination of values is not allowed".to_owned(),
                    };
                    self.report.key(&PROPERTY_VALUE, path, message);
                }
                Verdict::Open => self.is_unknown = true,
                Verdict::Breaks => {}
            }
        }
        if let Some(condition) = &schema.condition {
            let branch = match self.tried(value, condition, path).0 {
                Verdict::Fits => &schema.then,
                Verdict::Breaks => &schema.otherwise,
                Verdict::Open => {
                    self.is_unknown = true;
                    return;
                }
            };
            if let Some(branch) = branch {
                self.value(value, branch, path);
            }
        }
    }

    fn any_of(&mut self, value: &Value, schemas: &'static [Schema], path: &Path<'_>) {
        let mut broken = Vec::new();
        let mut is_open = false;
        for schema in schemas {
            match self.tried(value, schema, path) {
                (Verdict::Fits, _) => return,
                (Verdict::Open, _) => is_open = true,
                (Verdict::Breaks, report) => broken.push(report),
            }
        }
        if is_open {
            self.is_unknown = true;
        } else {
            self.none_fits(broken, path);
        }
    }

    fn one_of(&mut self, value: &Value, schemas: &'static [Schema], path: &Path<'_>) {
        let tried: Vec<_> = schemas.iter().map(|schema| self.tried(value, schema, path)).collect();
        let count = |wanted: Verdict| tried.iter().filter(|(verdict, _)| *verdict == wanted).count();
        match (count(Verdict::Fits), count(Verdict::Open)) {
            (2.., _) => {
                self.report.key(
                    &EXCLUSIVE_PROPERTIES,
                    path,
                    "several alternatives are given that exclude each other",
                );
            }
            (_, 1..) => self.is_unknown = true,
            (1, 0) => {}
            (0, 0) => self.none_fits(tried.into_iter().map(|(_, report)| report).collect(), path),
        }
    }

    /// The alternative that comes nearest tells what is wrong.
    fn none_fits(&mut self, broken: Vec<Report>, path: &Path<'_>) {
        let nearest = broken.into_iter().min_by_key(|report| report.findings.len());
        match nearest {
            Some(report) if report.findings.len() == 1 => self.report.append(report),
            _ => {
                self.report.key(
                    &EXCLUSIVE_PROPERTIES,
                    path,
                    "none of the alternatives that the type allows is given",
                );
            }
        }
    }
}
