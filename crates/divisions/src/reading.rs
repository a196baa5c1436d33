//! Which divisions the text of an address starts with, from the widest to the narrowest.

use super::{
    Code, Level,
    names::{self, DivisionName},
    table,
};

/// Province, a prefecture, a prefecture within it (those of Ili), county.
const DEEPEST: usize = 4;

/// The divisions at the start of a text: each lies in the one before it, in some year each. At least one.
///
/// A name without its kind (杭州 for 杭州市) counts only where nothing else can be meant: with a division
/// that lies in it right behind, or at the end of what is written. 南京路 and 朝阳市场 name no division.
#[derive(Clone, Copy)]
pub struct Reading<'t> {
    text: &'t str,
    links: [Link; DEEPEST],
    depth: usize,
}

/// The start of a text up to the end of one of its names.
pub struct Prefix<'r, 't> {
    reading: &'r Reading<'t>,
    last: usize,
}

/// One name in the text with all the codes that have borne it.
#[derive(Clone, Copy, Default)]
struct Link {
    names: &'static [DivisionName],
    start: usize,
    end: usize,
}

impl<'t> Reading<'t> {
    /// Reads the start of a text; none if it names no division.
    pub fn parse(text: &'t str) -> Option<Self> {
        if text.is_ascii() {
            return None;
        }
        let mut reading = Self { text, links: Default::default(), depth: 0 };
        while let Some(link) = reading.next() {
            reading.push(link);
        }
        (reading.depth > 0).then_some(reading)
    }

    /// The one division that the text names: the narrowest. None if it could be several. Of several codes
    /// from different years the one in use is taken, if it is the only one.
    pub fn division(&self) -> Option<Code> {
        // 浙江省 and then 南京市: whichever is meant, it is not clear. Foreign names of counties behind a city
        // are those of its quarters: 东莞市东城区.
        let behind = without_separators(self.rest());
        let is_above_counties = |name: &DivisionName| !name.is_bare && name.code.level() < Level::County;
        let contradicts = names::at_start_of(behind)
            .filter(|names| names.iter().any(is_above_counties))
            .any(|names| !is_cut(names[0].text, &behind[names[0].text.len()..]));
        if contradicts { None } else { self.only().map(|name| name.code) }
    }

    /// The start of the text up to the end of each name.
    pub fn prefixes(&self) -> impl Iterator<Item = Prefix<'_, 't>> {
        (0..self.depth).map(|last| Prefix { reading: self, last })
    }

    /// All that the narrowest name can mean here.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &'static DivisionName> {
        let narrowest = self.links[self.depth - 1].names;
        narrowest.iter().filter(|name| self.is_reached(self.depth - 1, name.code))
    }

    /// The candidate that is the only one, of any year or else of now.
    pub(super) fn only(&self) -> Option<&'static DivisionName> {
        let is_lone_county = self.is_lone_county();
        let text = self.links[self.depth - 1].names[0].text;
        let mut all = self.candidates();
        if let (Some(only), None) = (all.next(), all.next()) {
            return (!is_lone_county || !is_word(text)).then_some(only);
        }
        // Districts of the same name are many, and new ones get the names of old ones.
        if is_lone_county && text.ends_with('区') {
            return None;
        }
        let mut current = self.candidates().filter(|name| name.is_current);
        current.next().filter(|_| current.next().is_none())
    }

    /// Whether only a county is named and not what it lies in.
    pub(super) fn is_lone_county(&self) -> bool {
        self.depth == 1 && self.candidates().all(|name| name.code.level() == Level::County)
    }

    fn rest(&self) -> &'t str {
        &self.text[self.end()..]
    }

    fn end(&self) -> usize {
        self.depth.checked_sub(1).map_or(0, |last| self.links[last].end)
    }

    fn push(&mut self, link: Link) {
        self.links[self.depth] = link;
        self.depth += 1;
    }

    /// The next name, if it is one of a division within those read.
    fn next(&self) -> Option<Link> {
        if self.depth == DEEPEST {
            return None;
        }
        let rest = without_separators(self.rest());
        self.name_at(rest).or_else(|| self.name_at(without_filler(rest, self.depth)?))
    }

    fn name_at(&self, rest: &'t str) -> Option<Link> {
        let start = self.text.len() - rest.len();
        names::at_start_of(rest)
            .filter(|names| names.iter().any(|name| self.is_reached(self.depth, name.code)))
            .map(|names| Link { names, start, end: start + names[0].text.len() })
            .find(|link| {
                let after = &self.text[link.end..];
                !is_cut(link.names[0].text, after) && (!link.names[0].is_bare || self.is_meant(*link, after))
            })
    }

    /// Whether a name without its kind stands for a division here.
    fn is_meant(&self, link: Link, after: &str) -> bool {
        let is_province = || link.names.iter().any(|name| name.code.level() == Level::Province);
        let is_end = after.is_empty() || without_separators(after).len() < after.len();
        is_end && (self.depth > 0 || is_province()) || {
            let mut longer = *self;
            longer.push(link);
            longer.next().is_some()
        }
    }

    /// Whether a code lies in what the first `depth` names say.
    fn is_reached(&self, depth: usize, code: Code) -> bool {
        depth.checked_sub(1).is_none_or(|above| {
            let mut names = self.links[above].names.iter();
            names.any(|name| code.is_within(name.code) && self.is_reached(above, name.code))
        })
    }
}

impl<'t> Prefix<'_, 't> {
    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        self.reading.links[self.last].end
    }

    /// The runs of names that end where it ends, the widest first; only names that say their kind.
    pub fn runs(&self) -> impl Iterator<Item = &'t str> {
        let links = &self.reading.links[..=self.last];
        let first = links.iter().rposition(|link| link.names[0].is_bare).map_or(0, |bare| bare + 1);
        links[first..].iter().map(|link| &self.reading.text[link.start..self.len()])
    }
}

/// The text behind what may stand between two divisions.
pub fn without_separators(text: &str) -> &str {
    text.trim_start_matches([' ', '\u{3000}', ',', '，', '、', '-', '/', '|', '>', '·'])
}

/// What may stand before a division and names none: the country, and collective codes read out by forms
/// that list all three levels (北京市 市辖区 朝阳区).
fn without_filler(text: &str, depth: usize) -> Option<&str> {
    const COUNTRY: &[&str] = &["中华人民共和国", "中国"];
    const COLLECTIVE: &[&str] = &[
        "市辖区",
        "省直辖县级行政区划",
        "省直辖县级行政单位",
        "省直辖行政单位",
        "自治区直辖县级行政区划",
        "自治区直辖县级行政单位",
        "县",
    ];
    let fillers = if depth == 0 { COUNTRY } else { COLLECTIVE };
    fillers.iter().find_map(|filler| text.strip_prefix(filler)).map(without_separators)
}

/// Where, in bytes, the whole name of a division begins, if the text starts with its bare name and then has
/// the whole one: 北京北京市.
pub fn whole_after_bare(text: &str) -> Option<usize> {
    let bare = names::at_start_of(text).filter(|names| names[0].is_bare);
    bare.flatten().find_map(|name| {
        let after = without_separators(&text[name.text.len()..]);
        let is_whole = |whole: &str| after.strip_prefix(whole).is_some_and(|after| !is_cut(whole, after));
        let found = table::rows(name.code).iter().any(|row| is_whole(row.name));
        found.then_some(text.len() - after.len())
    })
}

/// Whether what looks like the name of a city goes on as another word: 朝阳市场, 北京市政, but not 南平市政和县.
pub fn is_cut(name: &str, after: &str) -> bool {
    let goes_on = name.ends_with('市') && after.starts_with(['场', '政', '民', '立', '委']);
    goes_on && names::at_start_of(after).next().is_none()
}

/// Names of single districts that people also use as plain words: old town, harbour district.
fn is_word(name: &str) -> bool {
    const WORDS: &str = "新区 盐区 老城区 北城区 新兴区 振兴区 站前区 港口区 河口区 东港区 东郊区 西郊区 清郊区 江南区 \
                         公园区 回民区 露天区 前锋区 动力区 东湖区 西山区 滨海区 滨江区 滨湖区 湖滨区 市北区 市南区 古城区";
    WORDS.split(' ').any(|word| word == name)
}
