// Every real feed of the shared data folder, from its files to answers, through the real programs:
// cloister-publish builds and signs it, cloister-sync fetches it, cloisterd serves it, and the
// client library asks about up to ten thousand of the objects that the feed lists.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cloister/client.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/feeds/feed_source.h"
#include "sync/publisher/publication/source_files.h"
#include "tests/e2e/real_feeds/real_feeds.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::testing {

// For messages of the test framework.
void PrintTo(const RealFeed& feed, std::ostream* out) { *out << feed.name; }

namespace {

constexpr size_t kSamples = 10'000;
constexpr absl::Duration kPatience = absl::Minutes(5);

class RealFeedsTest : public ::testing::TestWithParam<RealFeed> {
 protected:
  const RealFeed& feed() const { return GetParam(); }
  static std::string Data(const std::string& path) { return *SharedData("data") + "/" + path; }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }

  // Expects exit code 0 of one of the project's programs; its standard output.
  std::string Run(std::vector<std::string> argv) {
    argv[0] = ProgramPath(argv[0]);
    const absl::StatusOr<ProcessResult> result =
        RunProcess({.argv = argv, .working_directory = directory_.path()}, kPatience);
    EXPECT_THAT(result, IsOk());
    if (!result.ok()) return "";
    EXPECT_EQ(result->exit_code, 0) << argv[0] << " " << argv[1] << "\n"
                                    << result->output << result->errors;
    return result->output;
  }

  void Publish(nlohmann::json* report) {
    ASSERT_THAT(storage::WriteFileAtomically(directory_ / "passphrase", "correct horse\n", 0600),
                IsOk());
    Run({"cloister-publish", "keys", "create", "--out", "keys", "--passphrase-file", "passphrase",
         "--unencrypted", "targets,snapshot,timestamp"});
    Run({"cloister-publish", "init", "--repository", "repository", "--keys", "keys", "--feed",
         feed().name, "--passphrase-file", "passphrase"});
    Write(
        "publication.toml",
        absl::StrCat("[repository]\npath = \"repository\"\nstate_directory = \"state\"\n",
                     "[keys]\nfolders = [\"keys\"]\n",
                     // What the source says is asked for here, not what would be published.
                     "[guards]\nempty_file = \"off\"\npublic_suffix = \"off\"\n",
                     "private_network = \"off\"\nwide_prefix = \"off\"\n",
                     "shared_host = \"off\"\n[[source]]\nname = \"", feed().name, "\"\nformat = \"",
                     feed().format, "\"\npath = \"", Data(feed().path), "\"\n", feed().settings));
    *report = nlohmann::json::parse(
        Run({"cloister-publish", "build", "publication.toml", "--json"}), nullptr, false);
  }

  void Fetch() {
    const std::string feed_table = absl::StrCat("[[feed]]\nname = \"", feed().name,
                                                "\"\nroot = \"repository/metadata/1.root.json\"\n");
    Write("sync.toml", absl::StrCat("spool_directory = \"spool\"\nstate_directory = \"sync\"\n",
                                    "reserve_mb = 0\n", feed_table, "url = \"file://",
                                    directory_.path(), "/repository/\"\n"));
    Write("cloisterd.toml",
          absl::StrCat("data_directory = \"data\"\nspool_directory = \"spool\"\n",
                       "[listen]\naddress = \"unix:", directory_ / "socket",
                       "\"\ntls = \"off\"\n[storage]\nreserve_bytes = 0\n",
                       "[metrics]\naddress = \"\"\n[updates]\npoll_interval_ms = 20\n",
                       "[protection]\npublic_suffixes = false\nshared_hosts = false\n"
                       "private_networks = false\n",
                       feed_table));
    for (const char* folder : {"spool", "sync", "data"}) {
      std::filesystem::create_directory(directory_ / folder);
    }
    Run({"cloister-sync", "--config", "sync.toml", "--once"});
  }

  void Serve() {
    absl::StatusOr<std::unique_ptr<Process>> started =
        Process::Start({.argv = {ProgramPath("cloisterd"), "--config", "cloisterd.toml"},
                        .working_directory = directory_.path()});
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
    ASSERT_THAT(server_->WaitForText("update taken", kPatience), IsOk()) << server_->errors();
  }

  // Different objects that the feed states, in the order of their texts; at most kSamples, spread
  // evenly over all.
  std::vector<Object> Sample(const StatedObjects& stated, uint64_t* all) {
    std::set<std::string> found;
    const auto files = publisher::FindSourceFiles(Data(stated.files), "");
    EXPECT_THAT(files, IsOk());
    if (!files.ok()) return {};
    RE2::Options options;
    options.set_one_line(false);
    options.set_posix_syntax(false);
    const RE2 expression(absl::StrCat("(?m)", stated.expression), options);
    EXPECT_TRUE(expression.ok()) << expression.error();
    for (const std::string& file : *files) {
      std::string text = ReadAll(file);
      if (stated.before != nullptr) text.resize(std::min(text.size(), text.find(stated.before)));
      re2::StringPiece rest(text);
      std::string object;
      while (RE2::FindAndConsume(&rest, expression, &object)) found.insert(object);
    }
    *all += found.size();
    std::vector<Object> objects;
    const size_t step = std::max<size_t>(1, found.size() / kSamples);
    size_t number = 0;
    for (const std::string& text : found) {
      if (number++ % step == 0 && objects.size() < kSamples) objects.push_back({stated.kind, text});
    }
    return objects;
  }

  static std::string ReadAll(const std::string& path) {
    auto bytes = feeds::FeedSource(path).Bytes();
    EXPECT_THAT(bytes, IsOk());
    std::string text;
    std::string buffer(1 << 20, '\0');
    while (bytes.ok()) {
      const auto count = (*bytes)->Read(buffer.data(), buffer.size());
      EXPECT_THAT(count, IsOk());
      if (!count.ok() || *count == 0) break;
      text.append(buffer, 0, *count);
    }
    return text;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Process> server_;
};

TEST_P(RealFeedsTest, AnswersWhatItsSourceStates) {
  if (!SharedData("data").has_value()) GTEST_SKIP() << SharedDataHint("data");
  nlohmann::json report;
  ASSERT_NO_FATAL_FAILURE(Publish(&report));
  ASSERT_TRUE(report.is_object());
  Fetch();
  ASSERT_NO_FATAL_FAILURE(Serve());

  ClientOptions options;
  options.servers = {"unix:" + directory_ / "socket"};
  options.plaintext = true;
  std::string error;
  const std::unique_ptr<Client> client = Client::Create(options, &error);
  ASSERT_NE(client, nullptr) << error;
  uint64_t all = 0;
  uint64_t asked = 0;
  for (const StatedObjects& stated : feed().stated) {
    const std::vector<Object> objects = Sample(stated, &all);
    asked += objects.size();
    const std::vector<Answer> answers =
        client->BatchLookup(objects, {std::chrono::minutes(2), Context::kAny});
    ASSERT_EQ(answers.size(), objects.size());
    uint64_t wrong = 0;
    for (size_t i = 0; i < answers.size(); ++i) {
      if (answers[i].verdict() == stated.verdict) continue;
      if (++wrong > 5) continue;
      ADD_FAILURE() << objects[i].text << " is " << Name(answers[i].verdict()) << " ("
                    << Name(answers[i].status) << "), not " << Name(stated.verdict) << "  "
                    << answers[i].error_message;
    }
    EXPECT_EQ(wrong, 0u) << "of " << objects.size() << " of " << stated.files;
  }
  EXPECT_GE(all, feed().at_least);
  std::cout << "FIGURE real_feeds." << feed().name << " records=" << report["records"]
            << " stated=" << all << " asked=" << asked << "\n";
}

INSTANTIATE_TEST_SUITE_P(All, RealFeedsTest, ::testing::ValuesIn(RealFeeds()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace cloister::testing
