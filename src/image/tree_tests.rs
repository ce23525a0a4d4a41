//! What is put in place at once is what would be there one by one.

use proptest::prelude::*;

use super::*;

fn file(path: &Parts) -> Node {
    let content = Content::here(path.concat().as_slice());
    Node::new(Kind::File(content), 0o644, Owner { user: 7, group: 7 })
}

/// Files that are not in each other's way: their names are no names of directories.
fn files() -> impl Strategy<Value = BTreeSet<Parts>> {
    let path = (prop::collection::vec("[a-b.]{1,2}", 0..4), "[A-B-]{1,2}");
    let path = path.prop_map(|(above, name)| {
        let parts = above.into_iter().map(|part| format!("d{part}")).chain([name]);
        parts.map(String::into_bytes).collect()
    });
    prop::collection::btree_set(path, 0..40)
}

fn one_by_one(tree: &mut Tree, directory: &[Vec<u8>], files: &BTreeSet<Parts>) {
    for path in files {
        let path = [directory, path].concat();
        tree.make_directories(&path[..path.len() - 1], Owner::default()).unwrap();
        tree.put(path.clone(), file(&path)).unwrap();
    }
}

fn entries(files: &BTreeSet<Parts>) -> Vec<(Parts, Node)> {
    files.iter().map(|path| (path.clone(), file(path))).collect()
}

proptest! {
    #[test]
    fn a_tree_of_entries_is_theirs_and_the_directories_above(files in files()) {
        let mut slow = Tree::default();
        one_by_one(&mut slow, &[], &files);
        // In the order of their whole paths, as a context has them.
        let mut entries = entries(&files);
        entries.sort_by_key(|(path, _)| path.join(&b'/'));
        prop_assert_eq!(Tree::of(entries).own, slow.own);
    }

    #[test]
    fn below_a_directory_or_among_others_they_come_to_lie_alike(
        there in files(), base in files(), new in files(), below in prop::collection::vec("d[a-b]", 0..3),
    ) {
        let directory: Parts = below.into_iter().map(String::into_bytes).collect();
        let mut start = Tree::above(Arc::new(Tree::of(entries(&base)).own));
        one_by_one(&mut start, &[], &there);
        start.make_directories(&directory, Owner::default()).unwrap();
        let (mut slow, mut fast) = (start.clone(), start);
        let from = Tree::of(entries(&new));
        for (path, node) in from.below(&[]) {
            slow.put([&directory[..], path].concat(), node.clone()).unwrap();
        }
        fast.put_below(&directory, from.below(&[]).map(|(path, node)| (path, node.clone()))).unwrap();
        prop_assert_eq!(fast.own, slow.own);
    }
}
