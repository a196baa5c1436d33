//! Whose turn it is: the round robin, over batches as over the lanes of a batch.

use std::collections::VecDeque;

/// Parties in the order of their turns.
///
/// Only who was served goes to the back; who had to be passed over keeps the place and stays ahead of
/// everybody served since. So of two parties that can be served all the time, neither is ever served
/// twice between two turns of the other.
pub(super) struct RoundRobin<T> {
    parties: VecDeque<(MemberKey, T)>,
    next_key: u64,
}

/// Names one party of a [`RoundRobin`]; never given out twice by the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MemberKey(u64);

impl<T> RoundRobin<T> {
    pub(super) fn new() -> Self {
        RoundRobin { parties: VecDeque::new(), next_key: 0 }
    }

    /// Adds a party at the back.
    pub(super) fn join(&mut self, party: T) -> MemberKey {
        let key = MemberKey(self.next_key);
        self.next_key += 1;
        self.parties.push_back((key, party));
        key
    }

    /// Takes a party out; the turns of the others stay as they are.
    pub(super) fn leave(&mut self, key: MemberKey) -> Option<T> {
        let at = self.position(key)?;
        self.parties.remove(at).map(|(_, party)| party)
    }

    pub(super) fn get_mut(&mut self, key: MemberKey) -> Option<&mut T> {
        let at = self.position(key)?;
        self.parties.get_mut(at).map(|(_, party)| party)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.parties.iter().map(|(_, party)| party)
    }

    pub(super) fn into_parties(self) -> impl Iterator<Item = T> {
        self.parties.into_iter().map(|(_, party)| party)
    }

    /// Asks the parties in turn; the first that has something to give goes to the back.
    pub(super) fn next<R>(&mut self, mut serve: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let mut in_turn = self.parties.iter_mut().enumerate();
        let (at, given) = in_turn.find_map(|(at, (_, party))| Some((at, serve(party)?)))?;
        if let Some(served) = self.parties.remove(at) {
            self.parties.push_back(served);
        }
        Some(given)
    }

    /// Takes out the party that was served last, if `finished` says so.
    pub(super) fn retire_last(&mut self, finished: impl FnOnce(&T) -> bool) {
        self.parties.pop_back_if(|(_, party)| finished(party));
    }

    // A linear search: there are a few dozen batches at most, and about as many lanes in each.
    fn position(&self, key: MemberKey) -> Option<usize> {
        self.parties.iter().position(|(other, _)| *other == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serves every party that is not in `passed_over`, by its name.
    fn turn(round_robin: &mut RoundRobin<char>, passed_over: &str) -> Option<char> {
        round_robin.next(|name| (!passed_over.contains(*name)).then_some(*name))
    }

    fn of(names: &str) -> RoundRobin<char> {
        let mut round_robin = RoundRobin::new();
        for name in names.chars() {
            round_robin.join(name);
        }
        round_robin
    }

    #[test]
    fn everybody_is_served_once_before_anybody_is_served_twice() {
        let mut round_robin = of("abc");
        let served: String = (0..7).filter_map(|_| turn(&mut round_robin, "")).collect();
        assert_eq!(served, "abcabca");
    }

    #[test]
    fn who_was_passed_over_is_next() {
        let mut round_robin = of("abc");
        assert_eq!(turn(&mut round_robin, "a"), Some('b'));
        assert_eq!(turn(&mut round_robin, "a"), Some('c'));
        assert_eq!(turn(&mut round_robin, ""), Some('a'));
        assert_eq!(turn(&mut round_robin, ""), Some('b'));
    }

    #[test]
    fn nobody_is_served_when_nobody_can_be() {
        assert_eq!(turn(&mut of(""), ""), None);
        let mut round_robin = of("ab");
        assert_eq!(turn(&mut round_robin, "ab"), None);
        assert_eq!(turn(&mut round_robin, ""), Some('a'));
    }

    #[test]
    fn who_leaves_does_not_change_the_turns_of_the_others() {
        let mut round_robin = of("abc");
        let joined = round_robin.join('d');
        assert_eq!(turn(&mut round_robin, ""), Some('a'));
        assert_eq!(round_robin.leave(joined), Some('d'));
        assert_eq!(round_robin.leave(joined), None);
        let served: String = (0..3).filter_map(|_| turn(&mut round_robin, "")).collect();
        assert_eq!(served, "bca");
    }
}
