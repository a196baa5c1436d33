//! Whose turn it is: the round robin, over batches as over the lanes of a batch.

use std::collections::VecDeque;

/// Members in the order of their turns.
///
/// Only the member that was served goes to the back; one that was passed over keeps its turn and stays ahead of
/// all that were served since. So of two members that can be served all the time, neither is ever served twice
/// between two turns of the other.
pub(crate) struct RoundRobin<T> {
    members: VecDeque<(MemberKey, T)>,
    next_key: u64,
}

/// Names one member of a [`RoundRobin`], which never uses a key twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberKey(u64);

impl<T> Default for RoundRobin<T> {
    fn default() -> Self {
        Self { members: VecDeque::new(), next_key: 0 }
    }
}

impl<T> RoundRobin<T> {
    /// Adds a member at the back.
    pub(crate) fn add(&mut self, member: T) -> MemberKey {
        let key = MemberKey(self.next_key);
        self.next_key += 1;
        self.members.push_back((key, member));
        key
    }

    /// Takes a member out; the turns of the others stay as they are.
    pub(crate) fn remove(&mut self, key: MemberKey) -> Option<T> {
        let index = self.index_of(key)?;
        self.members.remove(index).map(|(_, member)| member)
    }

    pub(crate) fn get_mut(&mut self, key: MemberKey) -> Option<&mut T> {
        let index = self.index_of(key)?;
        self.members.get_mut(index).map(|(_, member)| member)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.members.iter().map(|(_, member)| member)
    }

    pub(crate) fn into_members(self) -> impl Iterator<Item = T> {
        self.members.into_iter().map(|(_, member)| member)
    }

    /// Asks the members in turn; the first that gives something goes to the back.
    pub(crate) fn next<R>(&mut self, mut serve: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let mut in_turn = self.members.iter_mut().enumerate();
        let (index, given) = in_turn.find_map(|(index, (_, member))| Some((index, serve(member)?)))?;
        if let Some(served) = self.members.remove(index) {
            self.members.push_back(served);
        }
        Some(given)
    }

    /// Takes out the member that was served last, if `is_finished` says so.
    pub(crate) fn remove_served_if(&mut self, is_finished: impl FnOnce(&T) -> bool) {
        self.members.pop_back_if(|(_, member)| is_finished(member));
    }

    // A linear search: there are a few dozen batches at most, and about as many lanes in each.
    fn index_of(&self, key: MemberKey) -> Option<usize> {
        self.members.iter().position(|(other, _)| *other == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serves every member that is not in `passed_over`, by its name.
    fn turn(round_robin: &mut RoundRobin<char>, passed_over: &str) -> Option<char> {
        round_robin.next(|name| (!passed_over.contains(*name)).then_some(*name))
    }

    fn with_members(names: &str) -> RoundRobin<char> {
        let mut round_robin = RoundRobin::default();
        for name in names.chars() {
            round_robin.add(name);
        }
        round_robin
    }

    #[test]
    fn everybody_is_served_once_before_anybody_is_served_twice() {
        let mut round_robin = with_members("abc");
        let served: String = (0..7).filter_map(|_| turn(&mut round_robin, "")).collect();
        assert_eq!(served, "abcabca");
    }

    #[test]
    fn who_was_passed_over_is_next() {
        let mut round_robin = with_members("abc");
        assert_eq!(turn(&mut round_robin, "a"), Some('b'));
        assert_eq!(turn(&mut round_robin, "a"), Some('c'));
        assert_eq!(turn(&mut round_robin, ""), Some('a'));
        assert_eq!(turn(&mut round_robin, ""), Some('b'));
    }

    #[test]
    fn nobody_is_served_when_nobody_can_be() {
        assert_eq!(turn(&mut with_members(""), ""), None);
        let mut round_robin = with_members("ab");
        assert_eq!(turn(&mut round_robin, "ab"), None);
        assert_eq!(turn(&mut round_robin, ""), Some('a'));
    }

    #[test]
    fn who_leaves_does_not_change_the_turns_of_the_others() {
        let mut round_robin = with_members("abc");
        let added = round_robin.add('d');
        assert_eq!(turn(&mut round_robin, ""), Some('a'));
        assert_eq!(round_robin.remove(added), Some('d'));
        assert_eq!(round_robin.remove(added), None);
        let served: String = (0..3).filter_map(|_| turn(&mut round_robin, "")).collect();
        assert_eq!(served, "bca");
    }
}
