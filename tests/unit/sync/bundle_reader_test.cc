// The form of bundles: what is read, and every way in which one is refused.

#include <zstd.h>

#include <algorithm>
#include <functional>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "sync/bundle/bundle_reader.h"
#include "sync/bundle/bundle_writer.h"
#include "tests/support/raw_tar.h"
#include "tests/support/status_matchers.h"

namespace cloister::bundle {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::IndexOf;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::cloister::testing::Plain;
using ::cloister::testing::RawMember;
using ::cloister::testing::SampleMember;
using ::cloister::testing::SampleMembers;
using ::cloister::testing::TarBundle;
using ::cloister::testing::TarEnd;
using ::cloister::testing::TarMember;

// Keeps what is read, and how often it was handed out whole.
class Collector : public BundleSink {
 public:
  absl::Status TakeIndex(const BundleIndex& taken) override {
    index = taken;
    return absl::OkStatus();
  }
  absl::Status Begin(const BundleFeed&, const BundleMember& member) override {
    path_ = member.path;
    return absl::OkStatus();
  }
  absl::Status Take(absl::string_view bytes) override {
    partial_[path_].append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  absl::Status End() override {
    files[path_] = partial_[path_];
    return absl::OkStatus();
  }
  absl::Status EndFeed(const BundleFeed&) override { return absl::OkStatus(); }

  BundleIndex index;
  std::map<std::string, std::string> files;

 private:
  std::string path_;
  std::map<std::string, std::string> partial_;
};

// In pieces of `most` bytes, as a pipe would.
ByteSource FromMemory(const std::string& bytes, size_t most = SIZE_MAX) {
  return [&bytes, most, at = size_t{0}](char* buffer, size_t size) mutable {
    const size_t n = std::min({size, most, bytes.size() - at});
    bytes.copy(buffer, n, at);
    at += n;
    return absl::StatusOr<size_t>(n);
  };
}

absl::Status Read(const std::string& bytes, const BundleLimits& limits = {}) {
  Collector collector;
  return ReadBundle(FromMemory(bytes), limits, collector);
}

std::string Sound() { return TarBundle(IndexOf(SampleMembers()), Plain(SampleMembers())); }

std::string Compressed(const std::string& bytes) {
  std::string result(ZSTD_compressBound(bytes.size()), '\0');
  result.resize(ZSTD_compress(result.data(), result.size(), bytes.data(), bytes.size(), 3));
  return result;
}

std::string Written(Compression compression) {
  std::map<std::string, std::string> contents;
  for (const SampleMember& member : SampleMembers()) contents[member.path] = member.content;
  std::string bytes;
  EXPECT_THAT(WriteBundle(
                  IndexOf(SampleMembers()), compression,
                  [&](const BundleMember& member, const trust::ByteSink& sink) {
                    return sink(contents.at(member.path));
                  },
                  [&](absl::string_view piece) {
                    bytes.append(piece.data(), piece.size());
                    return absl::OkStatus();
                  }),
              IsOk());
  return bytes;
}

class SoundBundleTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SoundBundleTest, IsReadToTheLastByte) {
  const std::string how = GetParam();
  std::string bytes = how == "written"        ? Written(Compression::kNone)
                      : how == "written_zstd" ? Written(Compression::kZstandard)
                      : how == "by_hand"      ? Sound()
                      : how == "by_hand_zstd" ? Compressed(Sound())
                      : how == "in_two_frames"
                          ? Compressed(Sound().substr(0, 2000)) + Compressed(Sound().substr(2000))
                          : Sound() + std::string(8192, '\0');
  for (size_t most : {size_t{1}, size_t{511}, SIZE_MAX}) {
    Collector collector;
    ASSERT_THAT(ReadBundle(FromMemory(bytes, most), {}, collector), IsOk());
    EXPECT_EQ(collector.index.feeds[0].members, IndexOf(SampleMembers()).feeds[0].members);
    ASSERT_EQ(collector.files.size(), SampleMembers().size());
    for (const SampleMember& member : SampleMembers()) {
      EXPECT_EQ(collector.files[member.path], member.content);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, SoundBundleTest,
                         ::testing::Values("written", "written_zstd", "by_hand", "by_hand_zstd",
                                           "in_two_frames", "filled_up_record"),
                         [](const auto& info) { return std::string(info.param); });

TEST(BundleWriterTest, TheSameInputMakesTheSameBytes) {
  EXPECT_EQ(Written(Compression::kNone), Written(Compression::kNone));
  EXPECT_EQ(Written(Compression::kZstandard), Written(Compression::kZstandard));
}

TEST(BundleWriterTest, AMemberThatGrowsOrShrinksIsNotPacked) {
  for (const char* content : {"", "far too long for what the index says of the root"}) {
    const absl::Status s = WriteBundle(
        IndexOf(SampleMembers()), Compression::kNone,
        [&](const BundleMember&, const trust::ByteSink& sink) { return sink(content); },
        [](absl::string_view) { return absl::OkStatus(); });
    EXPECT_EQ(s.code(), absl::StatusCode::kFailedPrecondition) << s;
  }
}

TEST(BundleReaderTest, TheIndexAloneNeedsNothingBehindIt) {
  const std::string bytes =
      TarMember({"index.json", EncodeIndex(IndexOf(SampleMembers()))}) + "anything";
  ASSERT_OK_AND_ASSIGN(const BundleIndex index, ReadIndex(FromMemory(bytes), {}));
  EXPECT_EQ(index.feeds[0].to_version, 8u);
  EXPECT_EQ(index.members(), 6u);
}

TEST(BundleReaderTest, CutShortAnywhereIsTruncated) {
  const std::string bytes = Sound();
  for (size_t length = 0; length < bytes.size(); length += 37) {
    EXPECT_THAT(Read(bytes.substr(0, length)), IsRejectedFor(RejectReason::kBundleTruncated))
        << length;
  }
  const std::string packed = Compressed(Sound());
  for (size_t length = 20; length < packed.size(); length += 7) {
    EXPECT_THAT(Read(packed.substr(0, length)), IsRejectedFor(RejectReason::kBundleTruncated))
        << length;
  }
}

TEST(BundleReaderTest, WhatTheSinkSaysEndsTheReading) {
  class Refusing : public Collector {
    absl::Status Begin(const BundleFeed&, const BundleMember&) override {
      return absl::CancelledError("enough");
    }
  } sink;
  const std::string bytes = Sound();
  EXPECT_EQ(ReadBundle(FromMemory(bytes), {}, sink).code(), absl::StatusCode::kCancelled);
}

// One hostile bundle and why it is refused.
struct Hostile {
  std::string name;
  std::function<std::string()> bytes;
  RejectReason reason;
};

// The sound bundle with one member altered in its header; the index stays true.
std::string With(size_t number, const std::function<void(RawMember*)>& alter) {
  std::vector<RawMember> members = Plain(SampleMembers());
  alter(&members[number]);
  return TarBundle(IndexOf(SampleMembers()), members);
}

// A bundle whose index and members say the same, whatever that is.
std::string WithPaths(const std::function<void(std::vector<SampleMember>*)>& alter) {
  std::vector<SampleMember> members = SampleMembers();
  alter(&members);
  return TarBundle(IndexOf(members), Plain(members));
}

// The sound bundle with words of its index replaced.
std::string WithIndex(const std::string& from, const std::string& to) {
  std::string text = EncodeIndex(IndexOf(SampleMembers()));
  EXPECT_NE(text.find(from), std::string::npos);
  text.replace(text.find(from), from.size(), to);
  std::string bytes = TarMember({"index.json", text});
  for (const RawMember& member : Plain(SampleMembers())) bytes += TarMember(member);
  return bytes + TarEnd();
}

std::string WithName(const std::string& name) {
  return With(1, [&](RawMember* member) { member->name = name; });
}

std::string WithType(char type) {
  return With(1, [&](RawMember* member) {
    member->type = type;
    member->link = "/etc/passwd";
    if (type != '0') member->content.clear();
  });
}

std::string LongPaxName() {
  const std::string content = "30 path=threats/../../escape\n";
  std::string bytes = TarMember({"index.json", EncodeIndex(IndexOf(SampleMembers()))});
  bytes += TarMember({.name = "pax", .content = content, .type = 'x'});
  for (const RawMember& member : Plain(SampleMembers())) bytes += TarMember(member);
  return bytes + TarEnd();
}

std::string GnuLongName() {
  std::string bytes = TarMember({"index.json", EncodeIndex(IndexOf(SampleMembers()))});
  bytes +=
      TarMember({.name = "././@LongLink", .content = "threats/metadata/1.root.json", .type = 'L'});
  for (const RawMember& member : Plain(SampleMembers())) bytes += TarMember(member);
  return bytes + TarEnd();
}

std::vector<Hostile> Paths() {
  constexpr RejectReason kPath = RejectReason::kBundlePath;
  std::vector<Hostile> table;
  const std::pair<const char*, std::string> names[] = {
      {"DotDot", "threats/metadata/../../../etc/passwd"},
      {"Absolute", "/etc/passwd"},
      {"Backslash", "threats\\metadata\\timestamp.json"},
      {"ControlByte", "threats/metadata/timestamp\n.json"},
      {"Escape", "threats/metadata/\x1b[2J.json"},
      {"NotUtf8", "threats/metadata/timestamp\xff.json"},
      {"UnicodeLookalike", "threats/metadata/timestamp\xe2\x80\x8b.json"},
      {"EmptyComponent", "threats//timestamp.json"},
      {"Dot", "threats/./timestamp.json"},
      {"TrailingSlash", "threats/metadata/timestamp.json/"},
      {"Hidden", "threats/metadata/.timestamp.json"},
      {"UpperCaseFeed", "Threats/metadata/timestamp.json"},
      {"AnotherFolder", "threats/keys/timestamp.json"},
      {"Deeper", "threats/metadata/a/timestamp.json"},
      {"UnversionedRoot", "threats/metadata/root.json"},
      {"LeadingZero", "threats/metadata/01.root.json"},
      {"UnhashedTarget", "threats/targets/full-1-1.sst"},
      {"NoName", ""},
  };
  for (const auto& [name, path] : names) {
    table.push_back(
        {std::string("Header") + name, [path = path] { return WithName(path); }, kPath});
    if (path.size() == 0 || absl::StrContains(path, "\xff")) continue;  // not JSON
    table.push_back(
        {std::string("Index") + name,
         [path = path] { return WithPaths([&](auto* members) { (*members)[1].path = path; }); },
         kPath});
  }
  table.push_back({"NulInName",
                   [] { return WithName(std::string("threats/metadata/1.root.json\0x", 30)); },
                   kPath});
  table.push_back({"TooLongForAHeader",
                   [] {
                     return WithPaths([](auto* members) {
                       members->back().path = absl::StrCat("threats/targets/", std::string(64, 'b'),
                                                           ".", std::string(60, 'x'), ".sst");
                     });
                   },
                   kPath});
  return table;
}

std::vector<Hostile> Kinds() {
  std::vector<Hostile> table;
  const std::pair<const char*, char> types[] = {
      {"HardLink", '1'},       {"SymbolicLink", '2'}, {"CharacterDevice", '3'},
      {"BlockDevice", '4'},    {"Folder", '5'},       {"Pipe", '6'},
      {"ContiguousFile", '7'}, {"Volume", 'V'},       {"OldKind", '\0'}};
  for (const auto& [name, type] : types) {
    table.push_back({name, [type = type] { return WithType(type); }, RejectReason::kBundleForeign});
  }
  table.push_back({"PaxName", LongPaxName, RejectReason::kBundleMalformed});
  table.push_back(
      {"PaxGlobal",
       [] {
         return TarMember({.name = "g", .content = "19 comment=whatever\n", .type = 'g'}) + Sound();
       },
       RejectReason::kBundleMalformed});
  table.push_back({"GnuLongName", GnuLongName, RejectReason::kBundleForeign});
  table.push_back({"GnuSparse", [] { return WithType('S'); }, RejectReason::kBundleForeign});
  table.push_back({"GnuMagic",
                   [] {
                     return With(
                         1, [](RawMember* member) { member->magic = std::string("ustar  \0", 8); });
                   },
                   RejectReason::kBundleMalformed});
  table.push_back({"OldMagic",
                   [] { return With(1, [](RawMember* member) { member->magic = ""; }); },
                   RejectReason::kBundleMalformed});
  return table;
}

std::vector<Hostile> OrdersAndSizes() {
  using R = RejectReason;
  return {
      {"Reordered",
       [] {
         auto members = Plain(SampleMembers());
         std::swap(members[1], members[2]);
         return TarBundle(IndexOf(SampleMembers()), members);
       },
       R::kBundleOrder},
      {"TargetsBeforeMetadata",
       [] { return WithPaths([](auto* members) { std::swap((*members)[3], (*members)[4]); }); },
       R::kBundleOrder},
      {"Duplicate",
       [] {
         auto members = Plain(SampleMembers());
         members[2] = members[1];
         return TarBundle(IndexOf(SampleMembers()), members);
       },
       R::kBundleDuplicate},
      {"DuplicateInIndex",
       [] { return WithPaths([](auto* members) { (*members)[2] = (*members)[1]; }); },
       R::kBundleDuplicate},
      {"DuplicateByCase",
       [] {
         return WithPaths([](auto* members) {
           const std::string hash(64, 'a');
           (*members)[5].path = absl::StrCat("threats/targets/", hash, ".FULL-7-1.sst");
         });
       },
       R::kBundleDuplicate},
      {"SecondIndex",
       [] {
         auto members = Plain(SampleMembers());
         members[1] = {"index.json", "{}"};
         return TarBundle(IndexOf(SampleMembers()), members);
       },
       R::kBundleDuplicate},
      {"NotInTheIndex", [] { return WithName("threats/metadata/9.root.json"); },
       R::kBundleMalformed},
      {"OneMemberMissing",
       [] {
         auto members = Plain(SampleMembers());
         members.pop_back();
         return TarBundle(IndexOf(SampleMembers()), members);
       },
       R::kBundleTruncated},
      {"OneMemberMore",
       [] {
         auto members = Plain(SampleMembers());
         members.push_back({"threats/metadata/9.root.json", "more"});
         return TarBundle(IndexOf(SampleMembers()), members);
       },
       R::kBundleTooLarge},
      {"LargerThanTheIndexSays",
       [] { return With(4, [](RawMember* member) { member->content += "more"; }); },
       R::kBundleTooLarge},
      {"SmallerThanTheIndexSays",
       [] { return With(4, [](RawMember* member) { member->content.pop_back(); }); },
       R::kBundleMalformed},
      {"OtherContentThanTheIndexSays",
       [] { return With(4, [](RawMember* member) { member->content[9] ^= 1; }); },
       R::kBundleMalformed},
      {"SizeBeyondTheArchive",
       [] { return With(5, [](RawMember* member) { member->stated_bytes = 700'000; }); },
       R::kBundleTooLarge},
      {"SomethingInThePadding",
       [] { return With(1, [](RawMember* member) { member->padding = "hidden"; }); },
       R::kBundleMalformed},
      {"GarbageAfterTheEnd", [] { return Sound() + "garbage"; }, R::kBundleMalformed},
      {"TwoArchives", [] { return Sound() + Sound(); }, R::kBundleMalformed},
      {"ZerosWithoutEnd", [] { return Sound() + std::string(100'000, '\0'); }, R::kBundleTooLarge},
  };
}

std::vector<Hostile> Wholes() {
  using R = RejectReason;
  return {
      {"NotATar", [] { return std::string(5000, 'x'); }, R::kBundleMalformed},
      {"Zeros", [] { return std::string(5000, '\0'); }, R::kBundleTruncated},
      {"Gzip", [] { return absl::StrCat("\x1f\x8b\x08", std::string(5000, 'x')); },
       R::kBundleMalformed},
      {"CompressedTwice", [] { return Compressed(Compressed(Sound())); }, R::kBundleMalformed},
      {"CompressedThenGarbage", [] { return Compressed(Sound()) + "garbage"; },
       R::kBundleMalformed},
      {"CompressedZerosWithoutEnd",
       [] { return Compressed(Sound() + std::string(64 << 20, '\0')); }, R::kBundleTooLarge},
      {"NoIndex",
       [] {
         std::string bytes;
         for (const RawMember& member : Plain(SampleMembers())) bytes += TarMember(member);
         return bytes + TarEnd();
       },
       R::kBundleMalformed},
      {"IndexIsNoJson",
       [] {
         return TarMember({"index.json", "{"}) + TarEnd();
       },
       R::kBundleMalformed},
      {"IndexIsEmpty",
       [] {
         return TarMember({"index.json", ""}) + TarEnd();
       },
       R::kBundleMalformed},
      {"IndexIsDeep",
       [] {
         return TarMember({"index.json", std::string(2000, '[')}) + TarEnd();
       },
       R::kBundleMalformed},
      {"IndexIsHuge",
       [] {
         return TarMember({"index.json", std::string(17 << 20, ' ')}) + TarEnd();
       },
       R::kBundleTooLarge},
      {"AnotherFormat", [] { return WithIndex("\"format\": 1", "\"format\": 2"); },
       R::kBundleMalformed},
      {"NoFeeds",
       [] {
         return TarBundle(BundleIndex{absl::UnixEpoch(), {}}, {});
       },
       R::kBundleMalformed},
      {"AFeedTwice",
       [] {
         BundleIndex index = IndexOf(SampleMembers());
         index.feeds.push_back(index.feeds[0]);
         return TarBundle(index, Plain(SampleMembers()));
       },
       R::kBundleDuplicate},
      {"AFileOfAnotherFeed", [] { return WithIndex("threats/metadata/1.", "other/metadata/1."); },
       R::kBundleMalformed},
      {"NegativeSize", [] { return WithIndex("\"bytes\": 8", "\"bytes\": -8"); },
       R::kBundleMalformed},
      {"BadHash", [] { return WithIndex("\"sha256\": \"", "\"sha256\": \"x"); },
       R::kBundleMalformed},
      {"APackBeyondTheLimit", [] { return WithIndex("\"bytes\": 3000", "\"bytes\": 300000000"); },
       R::kBundleTooLarge},
      {"MetadataBeyondTheLimit", [] { return WithIndex("\"bytes\": 512", "\"bytes\": 300000000"); },
       R::kBundleTooLarge},
  };
}

std::vector<Hostile> AllHostile() {
  std::vector<Hostile> all = Paths();
  for (auto part : {Kinds(), OrdersAndSizes(), Wholes()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class HostileBundleTest : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileBundleTest, IsRefusedForItsReason) {
  EXPECT_THAT(Read(GetParam().bytes()), IsRejectedFor(GetParam().reason));
}

// Those that are not compressed by themselves.
std::vector<Hostile> Uncompressed() {
  std::vector<Hostile> all = AllHostile();
  all.erase(
      std::remove_if(all.begin(), all.end(),
                     [](const Hostile& one) { return absl::StartsWith(one.name, "Compressed"); }),
      all.end());
  return all;
}

class CompressedHostileBundleTest : public ::testing::TestWithParam<Hostile> {};

TEST_P(CompressedHostileBundleTest, IsRefusedForTheSameReason) {
  EXPECT_THAT(Read(Compressed(GetParam().bytes())), IsRejectedFor(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(All, CompressedHostileBundleTest, ::testing::ValuesIn(Uncompressed()),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(All, HostileBundleTest, ::testing::ValuesIn(AllHostile()),
                         [](const auto& info) { return info.param.name; });

TEST(BundleLimitsTest, EachIsKept) {
  const std::string bytes = Sound();
  const auto refused = [&](const std::function<void(BundleLimits*)>& tighten) {
    BundleLimits limits;
    tighten(&limits);
    return Read(bytes, limits);
  };
  const auto too_large = IsRejectedFor(RejectReason::kBundleTooLarge);
  EXPECT_THAT(refused([](auto* limits) { limits->max_index_bytes = 100; }), too_large);
  EXPECT_THAT(refused([](auto* limits) { limits->max_feeds = 0; }), too_large);
  EXPECT_THAT(refused([](auto* limits) { limits->max_members = 5; }), too_large);
  EXPECT_THAT(refused([](auto* limits) { limits->max_metadata_bytes = 511; }), too_large);
  EXPECT_THAT(refused([](auto* limits) { limits->max_target_bytes = 2999; }), too_large);
  EXPECT_THAT(refused([](auto* limits) { limits->max_total_bytes = 4000; }), too_large);
  // The packs of the sample are one letter over and over, as a bomb's would be.
  const std::string packed = Compressed(bytes);
  BundleLimits tight;
  tight.max_expansion = 2;
  tight.free_expansion_bytes = 1000;
  EXPECT_THAT(Read(packed, tight), too_large);
  EXPECT_THAT(Read(packed), IsOk());
}

}  // namespace
}  // namespace cloister::bundle
