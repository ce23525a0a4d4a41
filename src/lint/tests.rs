//! Rules against templates: one template with one mistake each, and what stays silent.
