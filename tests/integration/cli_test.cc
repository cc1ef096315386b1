// The real `cloister` command against a server that answers what the test tells it to.

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/cli_fixture.h"
#include "tests/support/process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ProcessResult;
using testing::ScriptedServer;
using testing::TemporaryDirectory;
using testing::TestCertificates;

// Malicious if "bad" is in the text; of software KNOWN; of signers not covered.
grpc::Status AnswerByName(const v1::LookupRequest& request, v1::LookupResponse* response) {
  const std::string& text = request.object().text();
  response->set_canonical(text);
  response->set_generation(7);
  auto* feed = response->add_feeds();
  feed->set_feed("threats");
  feed->set_version(3);
  feed->set_data_age_s(12);
  response->set_status(v1::ANSWER_STATUS_NOT_LISTED);
  if (text.find("signer:") == 0) response->set_status(v1::ANSWER_STATUS_NOT_COVERED);
  const bool is_bad = text.find("bad") != std::string::npos;
  if (!is_bad && text.find("pkg:") != 0) return grpc::Status::OK;
  response->set_status(v1::ANSWER_STATUS_LISTED);
  auto* match = response->add_matches();
  match->set_verdict(is_bad ? v1::VERDICT_MALICIOUS : v1::VERDICT_KNOWN);
  match->set_threat_name(is_bad ? "Test.Threat" : "");
  match->set_matched_expression("what matched");
  match->set_layer(v1::LAYER_KIND_FEED);
  match->set_feed("threats");
  match->set_feed_version(3);
  match->set_data_age_s(12);
  return grpc::Status::OK;
}

TEST_F(CliTest, LookupSaysVerdictMatchSourceVersionAndAge) {
  server_.lookup = AnswerByName;
  const ProcessResult bad = Run({"lookup", "hxxp://bad[.]example/x"});
  EXPECT_EQ(bad.exit_code, 10) << bad.errors;
  EXPECT_THAT(bad.output, AllOf(HasSubstr("MALICIOUS  url http://bad.example/x"),
                                HasSubstr("what matched"), HasSubstr("Test.Threat"),
                                HasSubstr("feed threats v3, 12 s old"), Not(HasSubstr("\033"))));
  const ProcessResult good = Run({"lookup", "good.example"});
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_THAT(good.output,
              AllOf(HasSubstr("NOT LISTED  host good.example"), HasSubstr("threats v3, 12 s old")));
  EXPECT_EQ(Run({"lookup", "pkg:deb/debian/curl@1"}).exit_code, 0);
  const ProcessResult signer = Run({"lookup", "signer:" + std::string(64, 'a')});
  EXPECT_EQ(signer.exit_code, 13);
  EXPECT_THAT(signer.output, HasSubstr("NOT COVERED"));
}

TEST_F(CliTest, LookupHashesFiles) {
  std::string asked;
  server_.lookup = [&](const auto& request, auto* response) {
    asked = request.object().text();
    return AnswerByName(request, response);
  };
  const TemporaryDirectory directory;
  std::ofstream(directory / "invoice.zip") << "abc";
  const ProcessResult result = Run({"lookup", directory / "invoice.zip"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(asked, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_THAT(result.output, AllOf(HasSubstr("invoice.zip"), HasSubstr(asked)));
}

TEST_F(CliTest, LookupOfSeveralEndsWithTheGravest) {
  server_.lookup = AnswerByName;
  EXPECT_EQ(Run({"lookup", "good.example", "bad.example", "/no/such/file"}).exit_code, 10);
  EXPECT_EQ(Run({"lookup", "good.example", "/no/such/file"}).exit_code, 2);
  // Names of commands are things too.
  EXPECT_EQ(Run({"lookup", "status"}).exit_code, 0);
}

TEST_F(CliTest, LookupPassesKindAndContext) {
  v1::LookupRequest asked;
  server_.lookup = [&](const auto& request, auto* response) {
    asked = request;
    return AnswerByName(request, response);
  };
  EXPECT_EQ(Run({"lookup", "a.example", "--kind", "url", "--context", "c2"}).exit_code, 0);
  EXPECT_EQ(asked.object().kind(), v1::OBJECT_KIND_URL);
  EXPECT_EQ(asked.context(), v1::LOOKUP_CONTEXT_C2);
}

TEST_F(CliTest, LookupReadsManyFromStandardInput) {
  server_.batch_lookup = [](const auto& request, auto* response) {
    EXPECT_EQ(request.key_counts_size(), 0);
    // Two digests: the first is malicious.
    response->set_statuses("\1\2");
    response->set_verdicts("\1");
    response->set_confidences("\x32");
    response->add_source_indexes(0);
    response->add_matched_keys(0);
    response->add_label_indexes(0);
    auto* source = response->add_sources();
    source->set_layer(v1::LAYER_KIND_FEED);
    source->mutable_feed()->set_feed("threats");
    source->mutable_feed()->set_version(3);
    source->mutable_feed()->set_data_age_s(12);
    return grpc::Status::OK;
  };
  const std::string lines =
      std::string(64, 'a') + "\r\n\n# seen in May\n" + std::string(64, 'b') + "\nnot an object\n";
  const ProcessResult text = Run({"lookup", "-"}, lines);
  EXPECT_EQ(text.exit_code, 10) << text.errors;
  EXPECT_THAT(text.output, AllOf(HasSubstr("MALICIOUS  file aaaa"), HasSubstr("NOT LISTED  file b"),
                                 HasSubstr("feed threats v3, 12 s old")));
  EXPECT_THAT(text.errors, HasSubstr("not an object"));
  const json document =
      json::parse(Run({"--output", "json", "lookup", "-"}, lines).output, nullptr, false);
  ASSERT_TRUE(document.is_object()) << document;
  ASSERT_EQ(document["answers"].size(), 3u) << document;
  EXPECT_EQ(document["answers"][0]["verdict"], "malicious");
  EXPECT_EQ(document["answers"][0]["matches"][0]["matched_expression"], std::string(64, 'a'));
  EXPECT_EQ(document["answers"][1]["status"], "not_listed");
  EXPECT_EQ(document["answers"][2]["error"]["kind"], "invalid_argument");
}

TEST_F(CliTest, JsonIsOneDocument) {
  server_.lookup = AnswerByName;
  const ProcessResult result = Run({"--output", "json", "lookup", "bad.example", "good.example"});
  EXPECT_EQ(result.exit_code, 10);
  const json document = json::parse(result.output, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << result.output;
  const json& answer = document["answers"][0];
  EXPECT_EQ(answer["input"], "bad.example");
  EXPECT_EQ(answer["kind"], "host");
  EXPECT_EQ(answer["status"], "listed");
  EXPECT_EQ(answer["verdict"], "malicious");
  EXPECT_EQ(answer["matches"][0]["feed_version"], 3);
  EXPECT_EQ(answer["matches"][0]["data_age_s"], 12);
  EXPECT_EQ(document["answers"][1]["feeds"][0]["feed"], "threats");
}

TEST_F(CliTest, ExplainShowsWhatWasOutranked) {
  server_.explain = [](const auto& request, auto* response) {
    v1::LookupRequest lookup;
    *lookup.mutable_object() = request.object();
    auto* found = response->add_found();
    found->mutable_match()->set_verdict(v1::VERDICT_TRUSTED);
    found->mutable_match()->set_layer(v1::LAYER_KIND_OVERRIDE);
    found->set_outcome("won");
    found = response->add_found();
    found->mutable_match()->set_verdict(v1::VERDICT_MALICIOUS);
    found->mutable_match()->set_layer(v1::LAYER_KIND_FEED);
    found->mutable_match()->set_feed("threats");
    found->mutable_match()->set_feed_version(3);
    found->set_outcome("outranked");
    *response->add_found() = response->found(1);
    response->mutable_found(2)->set_outcome("masked");
    response->mutable_found(2)->set_masked_by("own network 192.0.2.0/24");
    auto* key = response->add_probed_keys();
    key->set_expression("192.0.2.0/24");
    key->set_lookup_key_hex("0404c000020018");
    return AnswerByName(lookup, response->mutable_answer());
  };
  const ProcessResult text = Run({"explain", "192.0.2.77"});
  EXPECT_EQ(text.exit_code, 0) << text.errors;
  EXPECT_THAT(text.output,
              AllOf(HasSubstr("TRUSTED by override"), HasSubstr("outranked"),
                    HasSubstr("MALICIOUS by feed threats v3"), HasSubstr("masked"),
                    HasSubstr("own network 192.0.2.0/24"), HasSubstr("0404c000020018")));
  const json document =
      json::parse(Run({"--output", "json", "explain", "192.0.2.77"}).output, nullptr, false);
  EXPECT_EQ(document["found"][1]["outcome"], "outranked");
}

TEST_F(CliTest, StatusAndFeeds) {
  server_.get_status = [](const auto&, auto* response) {
    response->set_server_version("9.8.7");
    response->set_generation(12);
    response->set_caller_role("operator");
    return grpc::Status::OK;
  };
  server_.list_feeds = [](const auto&, auto* response) {
    auto* feed = response->add_feeds();
    feed->set_name("threats");
    feed->set_health(v1::FEED_HEALTH_UPDATE_REFUSED);
    feed->set_version(3);
    feed->set_data_age_s(12);
    feed->set_records(41);
    feed->set_reject_reason("target_hash_mismatch");
    feed->set_reject_message("pack 2 differs from what is signed");
    return grpc::Status::OK;
  };
  server_.list_feed_versions = [](const auto& request, auto* response) {
    if (request.feed() != "threats") {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "no feed is called " + request.feed());
    }
    auto* version = response->add_versions();
    version->set_version(3);
    version->set_serving(true);
    return grpc::Status::OK;
  };
  const ProcessResult status = Run({"status"});
  EXPECT_EQ(status.exit_code, 0) << status.errors;
  EXPECT_THAT(status.output, AllOf(HasSubstr("cloisterd 9.8.7"), HasSubstr("operator")));
  const ProcessResult feeds = Run({"feeds"});
  EXPECT_EQ(feeds.exit_code, 0) << feeds.errors;
  EXPECT_THAT(feeds.output, AllOf(HasSubstr("UPDATE REFUSED  threats v3, 12 s old"),
                                  HasSubstr("target_hash_mismatch")));
  const json document = json::parse(Run({"--output", "json", "feeds"}).output, nullptr, false);
  EXPECT_EQ(document["feeds"][0]["reject_reason"], "target_hash_mismatch");
  EXPECT_EQ(document["feeds"][0]["version"], 3);
  const ProcessResult versions = Run({"feeds", "versions", "threats"});
  EXPECT_EQ(versions.exit_code, 0) << versions.errors;
  EXPECT_THAT(versions.output, HasSubstr("serving  threats v3"));
  const ProcessResult missing = Run({"feeds", "versions", "none"});
  EXPECT_EQ(missing.exit_code, 5);
  EXPECT_THAT(missing.errors, HasSubstr("no feed is called none"));
}

TEST_F(CliTest, OverridesAreSetListedAndDeleted) {
  v1::SetOverrideRequest set;
  server_.set_override = [&](const auto& request, auto* response) {
    set = request;
    response->set_generation(8);
    *response->mutable_override()->mutable_object() = request.object();
    response->mutable_override()->set_verdict(request.verdict());
    response->mutable_override()->set_scope(request.scope());
    response->mutable_override()->set_reason(request.reason());
    response->mutable_override()->set_actor("operator");
    return grpc::Status::OK;
  };
  // Three pages of one.
  server_.list_overrides = [](const auto& request, auto* response) {
    auto* one = response->add_overrides();
    const int page = request.page_token().empty() ? 1 : std::stoi(request.page_token());
    one->mutable_object()->set_text(absl::StrCat("page", page, ".example"));
    if (page < 3) response->set_next_page_token(absl::StrCat(page + 1));
    return grpc::Status::OK;
  };
  v1::DeleteOverrideRequest deleted;
  server_.delete_override = [&](const auto& request, auto* response) {
    deleted = request;
    response->set_generation(9);
    return grpc::Status::OK;
  };
  const ProcessResult result =
      Run({"override", "set", "192.0.2.0/24", "--verdict", "trusted", "--reason", "ours",
           "--valid-for", "30d", "--scope", "subtree", "--threat-name", "t"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, AllOf(HasSubstr("TRUSTED  ip 192.0.2.0/24"), HasSubstr("ours"),
                                   HasSubstr("generation 8")));
  EXPECT_EQ(set.object().kind(), v1::OBJECT_KIND_IP);
  EXPECT_EQ(set.verdict(), v1::VERDICT_TRUSTED);
  EXPECT_EQ(set.scope(), v1::SCOPE_SUBTREE);
  EXPECT_EQ(set.valid_for().seconds(), 30 * 86400);
  EXPECT_EQ(set.threat_name(), "t");

  const ProcessResult all = Run({"override", "list"});
  EXPECT_THAT(all.output, AllOf(HasSubstr("page1.example"), HasSubstr("page3.example")));
  const ProcessResult two = Run({"override", "list", "--limit", "2"});
  EXPECT_THAT(two.output, AllOf(HasSubstr("page2.example"), HasSubstr("there are more"),
                                Not(HasSubstr("page3.example"))));

  EXPECT_EQ(Run({"override", "delete", "192.0.2.0/24", "--reason", "over"}).exit_code, 0);
  EXPECT_EQ(deleted.object().text(), "192.0.2.0/24");
  EXPECT_EQ(deleted.reason(), "over");
}

TEST_F(CliTest, AuditTellsWhetherTheTrailIsIntact) {
  bool intact = true;
  server_.list_audit_entries = [&](const auto& request, auto* response) {
    auto* entry = response->add_entries();
    entry->set_sequence(request.from_sequence());
    entry->set_action("override.set");
    entry->set_detail("host \033[2J");
    response->set_chain_intact(intact);
    return grpc::Status::OK;
  };
  const ProcessResult good = Run({"audit", "--from", "5"});
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_THAT(good.output, AllOf(HasSubstr("5  1970"), HasSubstr("host \\x1b[2J")));
  intact = false;
  const ProcessResult altered = Run({"audit"});
  EXPECT_EQ(altered.exit_code, 5);
  EXPECT_THAT(altered.errors, HasSubstr("altered"));
}

TEST_F(CliTest, MistakesOnTheCommandLineAreExplained) {
  const std::pair<std::vector<std::string>, const char*> table[] = {
      {{}, "subcommand"},
      {{"lookup"}, "THING"},
      {{"lookup", "x.example", "--kind", "animal"}, "animal"},
      {{"--timeout", "soon", "status"}, "--timeout"},
      {{"--timeout", "0s", "status"}, "1ms"},
      {{"--output", "xml", "status"}, "xml"},
      {{"override", "set", "x.example", "--verdict", "trusted"}, "--reason"},
      {{"override", "set", "x.example", "--verdict", "trusted", "--reason", "r", "--valid-for",
        "1"},
       "--valid-for"},
      {{"frobnicate"}, "frobnicate"},
      {{"lookup", "alice@example.com"}, "sender_domain"},
      {{"--server", "192.0.2.1:1", "status"}, "plaintext"},
      {{"--server", "nowhere", "status"}, "port"},
  };
  for (const auto& [arguments, part] : table) {
    std::vector<std::string> argv = arguments;
    argv.push_back("--plaintext");
    const ProcessResult result = RunWith({}, argv);
    EXPECT_EQ(result.exit_code, 2) << part << ": " << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(part));
    EXPECT_THAT(result.output, IsEmpty());
  }
}

TEST_F(CliTest, HelpTeachesAndVersionSays) {
  const ProcessResult help = RunWith({}, {"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* part : {"lookup", "explain", "status", "feeds", "verify", "override", "audit",
                           "Exit codes:", "Examples:", "CLOISTER_SERVER", "hxxp"}) {
    EXPECT_THAT(help.output, HasSubstr(part));
  }
  EXPECT_THAT(RunWith({}, {"lookup", "--help"}).output, HasSubstr("standard input"));
  EXPECT_THAT(RunWith({}, {"feeds", "--help"}).output,
              AllOf(HasSubstr("cloister --help"), Not(HasSubstr("hash a file"))));
  for (const char* command :
       {"accept", "reject", "rollback", "pin", "unpin", "verify", "rebuild"}) {
    EXPECT_THAT(RunWith({}, {"feeds", command, "--help"}).output, HasSubstr("Example")) << command;
  }
  for (const char* command : {"import", "export", "delete"}) {
    EXPECT_THAT(RunWith({}, {"override", command, "--help"}).output, HasSubstr("Example"))
        << command;
  }
  EXPECT_THAT(RunWith({}, {"--version"}).output, HasSubstr("cloister "));
}

TEST_F(CliTest, AServerThatCannotBeReachedIsNamed) {
  const testing::ClosedPort closed;
  const std::string& target = closed.target();
  for (const char* command : {"lookup", "explain"}) {
    const ProcessResult result =
        RunWith({"CLOISTER_SERVER=" + target}, {"--plaintext", command, "x.example"});
    EXPECT_EQ(result.exit_code, 3) << result.errors;
    EXPECT_THAT(result.errors, AllOf(HasSubstr(target), HasSubstr("CLOISTER_SERVER")));
  }
}

TEST_F(CliTest, AServerThatDoesNotAnswerIsNotWaitedForLong) {
  server_.lookup = server_.Never<v1::LookupRequest, v1::LookupResponse>();
  server_.get_status = server_.Never<v1::GetStatusRequest, v1::GetStatusResponse>();
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"lookup", "x.example"}, {"status"}}) {
    std::vector<std::string> argv = {"--timeout", "200ms"};
    argv.insert(argv.end(), command.begin(), command.end());
    const ProcessResult result = Run(argv);
    EXPECT_EQ(result.exit_code, 3) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("--timeout"));
  }
}

class CliTlsTest : public CliTest {
 protected:
  ProcessResult RunAs(const testing::CertificateFiles& files, const std::string& target,
                      const std::vector<std::string>& argv) const {
    return RunWith(
        {"CLOISTER_SERVER=" + target, "CLOISTER_CA=" + certificates_.authority.certificate(),
         "CLOISTER_CERTIFICATE=" + files.certificate, "CLOISTER_KEY=" + files.key},
        argv);
  }

  const TemporaryDirectory directory_;
  const TestCertificates certificates_{directory_.path()};
};

TEST_F(CliTlsTest, CertificatesComeFromTheEnvironment) {
  ScriptedServer server(&certificates_);
  server.lookup = AnswerByName;
  server.get_status = [](const auto&, auto*) { return grpc::Status::OK; };
  const auto& files = certificates_.operator_;
  EXPECT_EQ(RunAs(files, server.target(), {"lookup", "bad.example"}).exit_code, 10);
  EXPECT_EQ(RunAs(files, server.target(), {"status"}).exit_code, 0);
}

TEST_F(CliTlsTest, UnusableCertificatesAreNamedBeforeConnecting) {
  const ProcessResult expired =
      RunAs(certificates_.expired_client, "127.0.0.1:1", {"lookup", "x.example"});
  EXPECT_EQ(expired.exit_code, 4);
  EXPECT_THAT(expired.errors,
              AllOf(HasSubstr(certificates_.expired_client.certificate), HasSubstr("expired on")));
  const ProcessResult none = RunWith({}, {"status"});
  EXPECT_EQ(none.exit_code, 4);
  EXPECT_THAT(none.errors, HasSubstr("CLOISTER_CA"));
}

TEST_F(CliTlsTest, ARefusalNamesTheIdentity) {
  ScriptedServer server(&certificates_);
  server.get_status = [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "the role operator is needed");
  };
  const ProcessResult result = RunAs(certificates_.gateway, server.target(), {"status"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("role operator"), HasSubstr("CN=gateway")));
}

TEST_F(CliTlsTest, ACertificateOfAnotherAuthorityIsExplained) {
  const TemporaryDirectory elsewhere;
  const TestCertificates others(elsewhere.path());
  ScriptedServer server(&certificates_);
  server.lookup = AnswerByName;
  const testing::CertificateFiles& files = others.gateway;
  const ProcessResult result = RunAs(files, server.target(), {"lookup", "x.example"});
  EXPECT_EQ(result.exit_code, 4) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("CN=gateway"));
  EXPECT_EQ(RunAs(files, server.target(), {"--output", "json", "lookup", "x.example"}).exit_code,
            4);
}

TEST_F(CliTest, TheExampleProgramDecides) {
  server_.lookup = AnswerByName;
  const TemporaryDirectory directory;
  ScriptedServer on_socket(directory / "socket");
  on_socket.lookup = AnswerByName;
  for (const std::string& target : {server_.target(), on_socket.target()}) {
    const auto result = testing::RunProcess(
        {.argv = {testing::ProgramPath("cloister-example-lookup"), target, "http://bad.example/",
                  "http://good.example/", "mailto:x@y.example"}});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->exit_code, 0);
    EXPECT_EQ(result->output,
              "refuse http://bad.example/ (listed)\n"
              "accept http://good.example/ (not_listed)\n"
              "defer mailto:x@y.example (error)\n");
  }
}

}  // namespace
}  // namespace cloister
