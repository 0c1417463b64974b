//! Scenario files that are wrong: each error says where, and what to write instead. The texts are
//! blessed (`cargo insta review`).

use std::path::Path;

use golden::scenario::Scenario;

const WORLD: &str =
    "[users.alice]\n\n[projects.apollo.members.alice]\n\n[tasks.land]\nproject = \"apollo\"\n\n";

fn said(text: &str) -> String {
    match Scenario::parse(Path::new("golden/items.toml"), text) {
        Ok(scenario) => panic!("nothing is wrong with {}:\n{text}", scenario.name),
        Err(diagnostic) => diagnostic.to_string(),
    }
}

macro_rules! broken {
    ($($name:ident: $text:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), said(&$text));
        })*
    };
}

fn step(rest: &str) -> String {
    format!("{WORLD}[[steps]]\n{rest}\n")
}

broken! {
    an_unknown_key: "descripton = \"x\"\n";
    an_unknown_key_of_a_step: step("request = \"GET /items\"\nexpct = { status = 200 }");
    an_unknown_key_of_an_expectation: step("request = \"GET /items\"\nexpect = { stats = 200 }");
    text_that_is_no_toml: "[[steps]\nrequest = \"GET /items\"\n";
    a_number_where_text_belongs: step("request = 7");
    text_where_a_flag_belongs: step("request = \"GET /items\"\napi_key = \"yes\"");
    text_where_a_number_belongs: step("request = \"GET /items\"\nexpect.status = \"200 OK\"");
    a_value_where_a_table_belongs: step("request = \"GET /items\"\nexpect = 200");
    a_value_where_a_list_belongs: step("request = \"GET /items\"\nrefused = \"fetch\"");
    a_task_without_project: "[tasks.land]\ntitle = \"Land\"\n";
    a_step_in_which_nothing_happens: step("name = \"nothing\"");
    a_step_that_is_two: step("request = \"GET /items\"\nevent = \"task.deleted\"");
    a_request_without_method: step("request = \"/items\"");
    an_unknown_method: step("request = \"Get /items\"");
    a_path_without_slash: step("request = \"GET items\"");
    an_unknown_user: step("request = \"GET /items\"\nas = \"alcie\"");
    a_user_where_there_are_none: "[[steps]]\nrequest = \"GET /\"\nas = \"bob\"\n";
    an_unknown_name_in_a_path: step("request = \"GET /projects/{apolo}/items\"");
    an_unknown_name_in_a_body: step("request = \"POST /items\"\njson = { task = \"{lnd}\" }");
    two_bodies: step("request = \"POST /items\"\njson = {}\nbody = \"x\"");
    a_body_that_is_not_base64: step("request = \"POST /items\"\nbody_base64 = \"%%\"");
    a_body_of_an_event: step("event = \"task.deleted\"\njson = {}");
    an_unknown_fault: step("request = \"GET /items\"\nfault = \"timout\"");
    an_impossible_status: step("request = \"GET /items\"\nexpect = { status = 20 }");
    an_unknown_host_function: step("request = \"GET /items\"\nexpect = { calls = [\"db_querry\"] }");
    an_id_that_is_none: "[users.alice]\nid = \"1\"\n";
    a_name_that_is_taken: "[users.apollo]\n\n[projects.apollo]\n";
    a_clock_that_is_none: "clock = \"yesterday\"\n";
    a_duration_without_unit: "limits = { call = \"5\" }\n";
    a_pattern_that_is_none: "[[normalise.patterns]]\npattern = '(v\\d+'\nwith = \"x\"\n";
    a_stub_without_host: "[[fetch]]\nrequest = \"GET /v1\"\n";
    a_stub_that_answers_twice: "[[fetch]]\nrequest = \"GET https://a.example/\"\njson = {}\nhangs = true\n";
    two_steps_of_one_name: step("name = \"a\"\nrequest = \"GET /a\"\n\n[[steps]]\nname = \"a\"\nrequest = \"GET /b\"");
}

#[test]
fn what_is_right_is_no_mistake() {
    let text = step(
        "request = \"POST /projects/{apollo}/tasks/{land}/items\"\nas = \"alice\"\njson = {}\n\
         capture = { item = \"/id\" }\n\n[[steps]]\nrequest = \"GET /items/{item}\"\n",
    );
    let scenario = Scenario::parse(Path::new("golden/items.toml"), &text).unwrap();
    assert_eq!(scenario.steps.len(), 2);
}
