// A rule that cannot fail is worth nothing: each is shown a sample that breaks it, and its
// neighbour that does not.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tidy/ratchet.h"
#include "tests/tidy/rules.h"

namespace cloister::tidy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> Rules(const Findings& findings) {
  std::vector<std::string> rules;
  for (const Finding& finding : findings) rules.push_back(finding.rule);
  return rules;
}

std::string Lines(size_t count, const std::string& line = "int x;\n") {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += line;
  return text;
}

std::vector<std::string> Sizes(const std::string& path, const std::string& text) {
  return Rules(CheckSizes(SourceFile(path, text)));
}

std::vector<std::string> Words(const std::string& path, const std::string& text) {
  return Rules(CheckWords(SourceFile(path, text)));
}

std::vector<std::string> Directions(const std::string& path, const std::string& text) {
  return Rules(CheckDirections(SourceFile(path, text)));
}

TEST(SourceFileTest, BlanksWhatIsNotCode) {
  EXPECT_EQ(BlankCommentsAndLiterals("a; // {\nb /* } */ c"), "a;     \nb         c");
  EXPECT_EQ(BlankCommentsAndLiterals("f(\"{\\\"{\", '{')"), "f(\"    \", ' ')");
  EXPECT_EQ(BlankCommentsAndLiterals("#define X { \\\n {\ny"), "             \n  \ny");
  EXPECT_EQ(BlankCommentsAndLiterals("x = 1'000'000; y"), "x = 1'000'000; y");
  EXPECT_EQ(BlankCommentsAndLiterals("R\"x(\n{)\")x\" + z"), "    \n       + z");
}

TEST(SizesTest, File) {
  EXPECT_THAT(Sizes("server/a.cc", Lines(400)), IsEmpty());
  EXPECT_THAT(Sizes("server/a.cc", Lines(401)), ElementsAre("file-lines"));
  EXPECT_THAT(Sizes("tests/a.cc", Lines(600)), IsEmpty());
  EXPECT_THAT(Sizes("tests/a.cc", Lines(601)), ElementsAre("file-lines"));
  EXPECT_THAT(Sizes("server/a.h", Lines(150)), IsEmpty());
  EXPECT_THAT(Sizes("server/a.h", Lines(151)), ElementsAre("header-lines"));
}

TEST(SizesTest, Columns) {
  EXPECT_THAT(Sizes("server/a.cc", "//" + std::string(98, 'x')), IsEmpty());
  EXPECT_THAT(Sizes("server/a.cc", "//" + std::string(99, 'x')), ElementsAre("line-columns"));
  EXPECT_THAT(Sizes("server/CMakeLists.txt", std::string(101, 'x')), ElementsAre("line-columns"));
  std::string umlauts = "//";
  for (int i = 0; i < 98; ++i) umlauts += "ö";
  EXPECT_THAT(Sizes("server/a.cc", umlauts), IsEmpty()) << "characters count, not bytes";
}

// A function whose body has `lines` lines between its braces, with `head` before.
std::string Function(const std::string& head, size_t lines) {
  return head + " {\n" + Lines(lines) + "}\n";
}

TEST(SizesTest, FunctionLines) {
  const char* const kHeads[] = {
      "int F(int a)",
      "template <typename T = int>\nauto F(T a)",
      "Foo::Foo(int a) : a_{a}, b_(a)",
      "Foo& Foo::operator=(const Foo& other)",
      "bool operator==(const Foo& a, const Foo& b)",
      "bool Foo::operator()(int a) const",
      "std::map<int, std::vector<int>> F(std::function<void(int)> f) noexcept",
      "TEST(Suite, Name)",
      "bool operator<(const Foo& a, const Foo& b)",
  };
  for (const std::string head : kHeads) {
    const size_t head_lines = head.find('\n') == std::string::npos ? 1 : 2;
    EXPECT_THAT(Sizes("tests/a.cc", Function(head, 69 - head_lines)), IsEmpty()) << head;
    EXPECT_THAT(Sizes("tests/a.cc", Function(head, 70 - head_lines)), ElementsAre("function-lines"))
        << head;
  }
}

TEST(SizesTest, WhatIsNoFunctionMayBeLong) {
  const char* const kHeads[] = {
      "namespace a",          "class A : public B<int()>", "struct A final",
      "const int kTable[] =", "enum class E : int",        "namespace",
      "extern \"C\"",         "const Row kRows[] = "};
  for (const std::string head : kHeads) {
    EXPECT_THAT(Sizes("tests/a.cc", Function(head, 100)), IsEmpty()) << head;
  }
}

TEST(SizesTest, FunctionsInsideClassesAndNamespacesCount) {
  const std::string text = "namespace a {\nclass B {\n public:\n  B();\n\n private:\n" +
                           Function("  void F()", 80) + "};\n}\n";
  const Findings findings = CheckSizes(SourceFile("server/a.cc", text));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].line, 7u);
  EXPECT_EQ(findings[0].amount, 12u) << "82 lines, 12 too many";
}

TEST(SizesTest, FindingsGoOnBehindATable) {
  const std::string text = "const int kTable[] = {1, 2};\n" + Function("void F()", 80);
  EXPECT_THAT(Sizes("server/a.cc", text), ElementsAre("function-lines"));
}

TEST(SizesTest, Parameters) {
  EXPECT_THAT(Sizes("a.h", "void F(int a, int b, int c, int d, int e);"), IsEmpty());
  EXPECT_THAT(Sizes("a.h", "void F(int a, int b, int c, int d, int e, int f);"),
              ElementsAre("parameters"));
  EXPECT_THAT(Sizes("a.h", "class A {\n  A(int a, int b, int c, int d, int e, int f);\n};"),
              ElementsAre("parameters"));
  EXPECT_THAT(Sizes("a.cc", "void F(int a, int b, int c, int d, int e, int f) {\n}\n"),
              ElementsAre("parameters"));
  EXPECT_THAT(Sizes("a.h", "void F(std::map<int, int> a, std::function<int(int, int, int)> b);"),
              IsEmpty());
  EXPECT_THAT(Sizes("a.h", "std::function<void(int, int, int, int, int, int)> f;"), IsEmpty());
}

TEST(WordsTest, EachHasItsRule) {
  const std::string once = "#pragma once\n";
  EXPECT_THAT(Words("a.h", once), IsEmpty());
  EXPECT_THAT(Words("a.h", "int x;\n"), ElementsAre("pragma-once"));
  EXPECT_THAT(Words("a.h", once + "using namespace std;"), ElementsAre("using-namespace"));
  EXPECT_THAT(Words("a.cc", "using namespace std;"), IsEmpty());
  EXPECT_THAT(Words("a.cc", "class PackManager;"), ElementsAre("class-name"));
  EXPECT_THAT(Words("a.cc", "struct UrlHelper {};"), ElementsAre("class-name"));
  EXPECT_THAT(Words("a.cc", "class Managed;"), IsEmpty());
  EXPECT_THAT(Words("a.cc", "// class PackManager"), IsEmpty());
  EXPECT_THAT(Words("README.md",
                    "TO"
                    "DO: write"),
              ElementsAre("unfinished"));
  EXPECT_THAT(Words("a.cc",
                    "// FIX"
                    "ME"),
              ElementsAre("unfinished"));
  EXPECT_THAT(Words("a.cc",
                    "mkdtemp(\"XX"
                    "XXXX\")"),
              IsEmpty());
  EXPECT_THAT(Words("tests/a.cc", "absl::SleepFor(x);"), ElementsAre("sleep"));
  EXPECT_THAT(Words("tests/a.cc", "std::this_thread::sleep_for(1s);"), ElementsAre("sleep"));
  EXPECT_THAT(Words("server/a.cc", "absl::SleepFor(x);"), IsEmpty());
  EXPECT_THAT(Words("tests/a.cc", "TEST(A, DISABLED_B) {}"), ElementsAre("disabled-test"));
}

TEST(DirectionsTest, Rooms) {
  struct Case {
    const char* path;
    const char* include;
    bool allowed;
  };
  const Case kCases[] = {
      {"reputation/a.cc", "\"reputation/b.h\"", true},
      {"reputation/a.cc", "\"storage/files/files.h\"", false},
      {"reputation/a.cc", "<thread>", false},
      {"reputation/a.cc", "<vector>", true},
      {"reputation/a.cc", "<arpa/inet.h>", true},
      {"reputation/a.cc", "<sys/stat.h>", false},
      {"reputation/a.cc", "<fstream>", false},
      {"reputation/a.cc", "\"grpcpp/grpcpp.h\"", false},
      {"storage/pack/a.cc", "\"rocksdb/db.h\"", true},
      {"storage/pack/a.cc", "\"cloister/v1/pack.pb.h\"", true},
      {"storage/pack/a.cc", "\"storage/store/generation.h\"", false},
      {"storage/store/a.cc", "\"grpcpp/grpcpp.h\"", false},
      {"storage/store/a.cc", "\"cloister/v1/admin.grpc.pb.h\"", false},
      {"sync/trust/a.cc", "\"storage/files/files.h\"", false},
      {"sync/trust/a.cc", "<fcntl.h>", false},
      {"sync/trust/a.cc", "<mutex>", false},
      {"sync/trust_state/a.cc", "\"storage/files/files.h\"", true},
      {"sync/worker/a.cc", "\"storage/store/reputation_store.h\"", false},
      {"sync/worker/a.cc", "\"storage/pack/pack_reader.h\"", true},
      {"sync/worker/a.cc", "\"sync/publisher/signer.h\"", false},
      {"server/a.cc", "\"sync/transport/http.h\"", false},
      {"server/a.cc", "\"sync/trust/updater.h\"", true},
      {"server/a.cc", "\"sync/publisher/signer.h\"", false},
      {"server/a.cc", "\"rocksdb/db.h\"", false},
      {"server/a.cc", "\"server/toml/toml_table.h\"", true},
      {"server/toml/a.cc", "\"server/config/configuration.h\"", false},
      {"sync/worker/a.cc", "\"server/toml/toml_table.h\"", true},
      {"sync/worker/a.cc", "\"server/config/configuration.h\"", false},
      {"server/a.cc", "<curl/curl.h>", false},
      {"client-sdk/a.cc", "\"storage/files/files.h\"", false},
      {"client-sdk/a.cc", "\"server/config.h\"", false},
      {"client-sdk/include/cloister/a.h", "<string>", true},
      {"client-sdk/include/cloister/a.h", "<chrono>", true},
      {"client-sdk/include/cloister/a.h", "<unistd.h>", false},
      {"client-sdk/include/cloister/a.h", "\"absl/status/status.h\"", false},
      {"client-sdk/include/cloister/a.h", "\"cloister/b.h\"", true},
      {"client-sdk/include/cloister/a.h", "\"reputation/digest.h\"", false},
      {"client-sdk/cli/a.cc", "\"cloister/client.h\"", true},
      {"attic/a.cc", "<string>", false},
  };
  for (const Case& c : kCases) {
    const auto rules = Directions(c.path, std::string("#include ") + c.include + "\n");
    EXPECT_EQ(rules.empty(), c.allowed) << c.path << " includes " << c.include;
  }
}

TEST(DirectionsTest, Promises) {
  EXPECT_THAT(Directions("server/a.cc", "EVP_DigestSign(c);"), ElementsAre("purity"));
  EXPECT_THAT(Directions("sync/trust/a.cc", "EVP_PKEY_new_raw_private_key(c);"),
              ElementsAre("purity"));
  EXPECT_THAT(Directions("sync/publisher/a.cc", "EVP_DigestSign(c);"), IsEmpty());
  EXPECT_THAT(Directions("storage/store/a.cc", "x = absl::Now();"), ElementsAre("purity"));
  EXPECT_THAT(Directions("server/a.cc", "x = absl::Now();"), IsEmpty());
  EXPECT_THAT(Directions("server/a.cc", "grpc::CreateChannel(a, b);"), ElementsAre("purity"));
  EXPECT_THAT(Directions("storage/pack/a.cc", "std::cerr << x;"), ElementsAre("purity"));
}

TEST(TreeTest, SourcesAreBuilt) {
  const SourceFile top("server/CMakeLists.txt", "add_library(x\n  a.cc sub/b.cc) # c.cc\n");
  const std::vector<std::string> built = {"server/a.cc", "server/sub/b.cc", "server/a.h"};
  EXPECT_THAT(CheckBuilt(built, {&top}), IsEmpty());
  const SourceFile other("tests/CMakeLists.txt", "${PROJECT_SOURCE_DIR}/server/d.cc");
  EXPECT_THAT(CheckBuilt({"server/d.cc"}, {&other}), IsEmpty());
  EXPECT_THAT(Rules(CheckBuilt({"server/c.cc"}, {&top})), ElementsAre("unbuilt"));
  EXPECT_THAT(Rules(CheckBuilt({"storage/a.cc"}, {&top})), ElementsAre("unbuilt"));
}

TEST(TreeTest, OnlySmallTextIsStored) {
  EXPECT_THAT(CheckStored(SourceFile("a.csv", std::string(1 << 20, 'x'))), IsEmpty());
  EXPECT_THAT(Rules(CheckStored(SourceFile("a.csv", std::string((1 << 20) + 1, 'x')))),
              ElementsAre("large-file"));
  EXPECT_THAT(Rules(CheckStored(SourceFile("a.bin", std::string("a\0b", 3)))),
              ElementsAre("binary-file"));
  EXPECT_THAT(CheckStored(SourceFile("tests/fuzz/corpus/fuzz_url/a", std::string("a\0b", 3))),
              IsEmpty());
}

TEST(RatchetTest, OnlyShrinks) {
  const Findings two = {{"sleep", "tests/a.cc", 3, 1, "m"}, {"sleep", "tests/a.cc", 9, 1, "m"}};
  EXPECT_THAT(Ratchet({}, "# nothing\n\n"), IsEmpty());
  EXPECT_THAT(Ratchet(two, "sleep tests/a.cc 2  # why\n"), IsEmpty());
  EXPECT_THAT(Ratchet(two, ""), ElementsAre("tests/a.cc:3: sleep: m", "tests/a.cc:9: sleep: m"));
  EXPECT_THAT(Ratchet(two, "sleep tests/a.cc 1\n"), SizeIs(2)) << "exceeded";
  EXPECT_THAT(Ratchet(two, "sleep tests/a.cc 3\n"), ElementsAre(HasSubstr("is down to 2")));
  EXPECT_THAT(Ratchet({}, "sleep tests/a.cc 1\n"), ElementsAre(HasSubstr("remove the line")));
  EXPECT_THAT(Ratchet({}, "sleep tests/a.cc\n"), ElementsAre(HasSubstr("expected")));
  EXPECT_THAT(Ratchet(two, "sleep tests/a.cc 2\nsleep tests/a.cc 2\n"),
              ElementsAre(HasSubstr("twice")));
}

}  // namespace
}  // namespace cloister::tidy
