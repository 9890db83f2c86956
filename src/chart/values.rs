//! How Helm puts values on top of each other. Keys are compared exactly: `http` is not `HTTP`.

use crate::yaml::{Map, Value};

/// Puts a later `-f` file on top of earlier ones: mappings merge key by key, everything else, lists
/// and nulls among them, replaces what was there.
pub fn merge(below: &mut Map, above: Map) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Map(below)), Value::Map(above)) => merge(below, above),
            (Some(slot), value) => *slot = value,
            (None, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// Puts the user's values on top of the chart's: as [`merge`], but a null takes a default away, and
/// a mapping stays what it is when a scalar default meets it. A null on a key without a default
/// stays a null.
#[must_use]
pub fn coalesce(defaults: &Map, user: Map) -> Map {
    let mut values = user;
    fill(&mut values, defaults);
    values
}

fn fill(values: &mut Map, defaults: &Map) {
    for (key, default) in defaults {
        match (values.get_mut(key), default) {
            (None, default) => {
                values.insert(key.clone(), default.clone());
            }
            (Some(Value::Null), _) => {
                values.shift_remove(key);
            }
            (Some(Value::Map(values)), Value::Map(defaults)) => fill(values, defaults),
            (Some(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read_values;

    fn show(map: &Map) -> String {
        Value::Map(map.clone()).formatted()
    }

    #[test]
    fn later_files_win_key_by_key() {
        let mut values = read_values("{a: {b: 1, c: [1, 2]}, d: 1, e: {f: 1}}").unwrap();
        merge(
            &mut values,
            read_values("{a: {c: [3]}, d: {x: 1}, e: null, A: 1}").unwrap(),
        );
        assert_eq!(
            show(&values),
            "map[A:1 a:map[b:1 c:[3]] d:map[x:1] e:<nil>]"
        );
    }

    #[test]
    fn nulls_take_defaults_away_but_stay_elsewhere() {
        let defaults = read_values("{a: {b: 1, c: 2}, d: {e: 1}, f: 1, l: [1, 2]}").unwrap();
        let user = read_values("{a: {b: null, z: null}, d: null, w: null, f: {g: 1}, l: [3]}");
        let values = coalesce(&defaults, user.unwrap());
        assert_eq!(
            show(&values),
            "map[a:map[c:2 z:<nil>] f:map[g:1] l:[3] w:<nil>]"
        );
    }
}
