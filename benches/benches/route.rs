//! What does it cost to find a request's route among 1, 100 and 10,000?
//!
//! The baseline is a hash map's answer to the whole path, which no pattern allows for.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::collections::HashMap;
use std::hint::black_box;

use benches::Question;
use contract::route::{PathPattern, Route, RouteTable};
use criterion::{BenchmarkId, Criterion};

const COUNTS: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// Resources with an id in the middle, as plugins have them.
fn table(count: usize) -> RouteTable {
    let routes = (0..count).map(|number| {
        let path = format!("/projects/:project/resource-{number}/:id");
        Route {
            method: "GET".to_owned(),
            pattern: PathPattern::parse(&path).unwrap(),
            path,
            public: false,
            middlewares: None,
        }
    });
    RouteTable::new(routes.collect())
}

fn route(criterion: &mut Criterion) {
    let mut question = Question::new("route");
    let mut group = criterion.benchmark_group("route");
    for count in COUNTS {
        let table = table(count);
        // The last one: whoever looks at one after the other looks at all.
        let path = format!("projects/7c1f/resource-{}/9a2e", count - 1);
        let paths: HashMap<String, usize> = HashMap::from([(path.clone(), count)]);
        let find = || {
            assert!(table.find("GET", black_box(&path)).is_some());
        };
        let miss = || {
            assert!(table.find("GET", black_box("projects/7c1f/none/9a2e")).is_none());
        };
        group.bench_function(BenchmarkId::new("found", count), |bencher| bencher.iter(find));
        group.bench_function(BenchmarkId::new("not found", count), |bencher| bencher.iter(miss));
        let look = || {
            black_box(paths.get(black_box(&path)));
        };
        question
            .ask(&format!("route among {count} / a hash map's answer"), look, find)
            .at("found", "routes", count);
        question.ask(&format!("no route among {count} / a hash map's answer"), look, miss).at(
            "not found",
            "routes",
            count,
        );
    }
    group.finish();
    question.answered().unwrap();
}

benches::bench!(route);
