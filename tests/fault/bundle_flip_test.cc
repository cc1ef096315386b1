// Single flipped bits in an offline bundle: what is imported is what was signed, or nothing.
// CLOISTER_FLIPS says how many; CLOISTER_SEED which.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "reputation/digest.h"
#include "sync/bundle/bundle_writer.h"
#include "sync/bundle/feed_contents.h"
#include "sync/worker/import_bundle.h"
#include "tests/support/folder_repository.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/worker_fixture.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using ::cloister::testing::IsOk;
using trust::BundleImport;

uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t value;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

class BundleFlipTest : public WorkerFixture {
 protected:
  BundleFlipTest() {
    Records records;
    for (int i = 0; i < 40; ++i) records[FileKey(absl::StrCat("file ", i))] = Malicious();
    upstream_.repository.RotateRootKey();
    upstream_.Publish(records, 2);
    upstream_.Publish({{HostKey("bad.example"), Malicious()}});
    testing::WriteRepository(upstream_.repository, directory_ / "mirror");
    fs::create_directories(directory_ / "work");
    options_.feeds = {Options()};
    options_.work_directory = directory_ / "work";
  }

  std::map<std::string, std::string> Members() {
    auto contents = bundle::SelectContents({directory_ / "mirror", "threats"},
                                           {.root = "", .since_version = 0, .now = now_});
    EXPECT_THAT(contents, IsOk());
    description_ = contents->description;
    std::map<std::string, std::string> members;
    for (const bundle::BundleMember& member : description_.members) {
      EXPECT_THAT(bundle::ReadMember(*contents, member.path,
                                     [&](absl::string_view piece) {
                                       members[member.path].append(piece.data(), piece.size());
                                       return absl::OkStatus();
                                     }),
                  IsOk());
    }
    return members;
  }

  // A bundle of these members, whatever is in them, with an index that agrees.
  std::string Pack(bundle::Compression compression, std::map<std::string, std::string> members) {
    for (bundle::BundleMember& member : description_.members) {
      const auto hash = reputation::Sha256(members[member.path]);
      member.sha256 = absl::BytesToHexString(
          absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
    }
    std::string bytes;
    EXPECT_THAT(bundle::WriteBundle(
                    {now_, {description_}}, compression,
                    [&](const bundle::BundleMember& member, const trust::ByteSink& sink) {
                      return sink(members.at(member.path));
                    },
                    [&](absl::string_view piece) {
                      bytes.append(piece.data(), piece.size());
                      return absl::OkStatus();
                    }),
                IsOk());
    return bytes;
  }

  // Imports into an appliance that has nothing.
  BundleImport Import(const std::string& bytes) {
    fs::remove_all(directory_ / "spool/threats");
    fs::remove_all(directory_ / "state");
    const std::string path = directory_ / "flipped.bundle";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    FILE* file = fopen(path.c_str(), "rb");
    auto import = ImportBundle(fileno(file), "flipped.bundle", options_, stop_, now_);
    fclose(file);
    EXPECT_THAT(import, IsOk());
    return import.ok() ? *import : BundleImport{};
  }

  // What the spool holds: packs as bytes, metadata as what is signed in them; a digit of a
  // signature in upper case, or a space outside of what is signed, changes nothing.
  std::map<std::string, std::string> Contents() const {
    std::map<std::string, std::string> files = SpoolFiles();
    for (auto& [path, bytes] : files) {
      if (!absl::EndsWith(path, ".json")) continue;
      bytes = nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false)["signed"].dump();
    }
    return files;
  }

  static void FlipOneBit(std::string* bytes, std::mt19937_64& random) {
    const uint64_t bit = random() % (bytes->size() * 8);
    (*bytes)[bit / 8] = static_cast<char>((*bytes)[bit / 8] ^ (1 << (bit % 8)));
  }

  // Imports what `flipped` makes, again and again; counts what became of it.
  void Try(const std::string& name, uint64_t flips, const std::function<std::string()>& flipped) {
    std::map<std::string, uint64_t> outcomes;
    uint64_t changed = 0;
    for (uint64_t i = 0; i < flips; ++i) {
      const BundleImport import = Import(flipped());
      if (import.state == "refused") {
        outcomes[import.reason] += 1;
        EXPECT_FALSE(import.reason.empty());
        EXPECT_TRUE(SpoolFiles().empty()) << name << ", flip " << i;
      } else {
        outcomes["accepted, identical"] += 1;
        changed += Contents() == genuine_ ? 0 : 1;
      }
    }
    EXPECT_EQ(changed, 0u) << name;
    std::cout << "FIGURE bit flips, " << name << ": " << flips << " flips, " << changed
              << " accepted with changed content;";
    for (const auto& [outcome, count] : outcomes) std::cout << " " << outcome << " " << count;
    std::cout << std::endl;
  }

  bundle::BundleFeed description_;
  std::map<std::string, std::string> genuine_;  // see Contents
  ImportBundleOptions options_;
  StopFlag stop_;
};

TEST_F(BundleFlipTest, NoFlippedBitChangesWhatIsImported) {
  const uint64_t flips = NumberFromEnvironment("CLOISTER_FLIPS", 400);
  const uint64_t seed = NumberFromEnvironment("CLOISTER_SEED", std::random_device()());
  std::cout << flips << " flips, CLOISTER_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  const std::map<std::string, std::string> members = Members();
  const std::string plain = Pack(bundle::Compression::kNone, members);
  const std::string compressed = Pack(bundle::Compression::kZstandard, members);
  ASSERT_EQ(Import(plain).state, "imported");
  genuine_ = Contents();
  ASSERT_FALSE(genuine_.empty());
  const auto flip = [&](std::string bytes) {
    FlipOneBit(&bytes, random);
    return bytes;
  };
  Try("plain bundle", flips - flips / 2, [&] { return flip(plain); });
  Try("compressed bundle", flips / 4, [&] { return flip(compressed); });
  // As whoever alters a bundle on purpose would: the index is not signed.
  Try("one file of it, and the index to match", flips / 4, [&] {
    std::map<std::string, std::string> altered = members;
    auto member = altered.begin();
    std::advance(member, random() % altered.size());
    FlipOneBit(&member->second, random);
    return Pack(bundle::Compression::kNone, altered);
  });
}

}  // namespace
}  // namespace cloister::worker
