#include "storage/pack/pack_format.h"

#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "cloister/v1/pack.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::Category;
using ::cloister::reputation::Label;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsRejectedFor;
using ::testing::ElementsAre;
using ::testing::SizeIs;

v1::PackHeader GoodHeader() {
  v1::PackHeader header;
  header.set_magic("cloister-pack");
  header.set_format_version(1);
  header.set_feed("threats");
  header.set_from_version(3);
  header.set_to_version(4);
  header.set_part(1);
  header.set_parts(1);
  return header;
}

TEST(PackKeysTest, LabelKeysAreBigEndian) {
  EXPECT_EQ(LabelKey(0x01020304), std::string("\0\1\1\2\3\4", 6));
  EXPECT_EQ(LabelIdFromKey(LabelKey(0xfffefdfc)), 0xfffefdfcu);
}

TEST(PackKeysTest, OtherKeysAreNoLabels) {
  for (const std::string& key : {std::string(), EmptyPackKey(), LabelKey(1).substr(0, 5),
                                 LabelKey(1) + "x", std::string("\1\1abcd", 6)}) {
    EXPECT_EQ(LabelIdFromKey(key), std::nullopt) << absl::CHexEscape(key);
  }
}

TEST(PackHeaderTest, ReadsWhatItWrites) {
  PackHeader header;
  header.feed = "software";
  header.to_version = 12;
  header.part = 2;
  header.parts = 3;
  ASSERT_OK_AND_ASSIGN(PackHeader read, DecodeHeader(EncodeHeader(header)));
  EXPECT_EQ(read, header);
  EXPECT_FALSE(read.is_delta());
}

TEST(PackHeaderTest, RefusesWhatIsNoHeader) {
  struct Case {
    const char* name;
    void (*spoil)(v1::PackHeader*);
  };
  const Case cases[] = {
      {"no magic", [](v1::PackHeader* h) { h->clear_magic(); }},
      {"other magic", [](v1::PackHeader* h) { h->set_magic("cloister-pac"); }},
      {"format 0", [](v1::PackHeader* h) { h->set_format_version(0); }},
      {"format 2", [](v1::PackHeader* h) { h->set_format_version(2); }},
      {"no feed", [](v1::PackHeader* h) { h->clear_feed(); }},
      {"long feed", [](v1::PackHeader* h) { h->set_feed(std::string(256, 'f')); }},
      {"backward", [](v1::PackHeader* h) { h->set_from_version(5); }},
      {"standing still", [](v1::PackHeader* h) { h->set_from_version(4); }},
      {"version 0", [](v1::PackHeader* h) { h->clear_from_version(), h->clear_to_version(); }},
      {"part 0", [](v1::PackHeader* h) { h->set_part(0); }},
      {"part 2 of 1", [](v1::PackHeader* h) { h->set_part(2); }},
      {"delta in parts", [](v1::PackHeader* h) { h->set_parts(2); }},
  };
  ASSERT_OK_AND_ASSIGN(PackHeader good, DecodeHeader(GoodHeader().SerializeAsString()));
  EXPECT_TRUE(good.is_delta());
  for (const Case& c : cases) {
    v1::PackHeader header = GoodHeader();
    c.spoil(&header);
    EXPECT_THAT(DecodeHeader(header.SerializeAsString()),
                IsRejectedFor(RejectReason::kPackHeaderMismatch))
        << c.name;
  }
  for (const std::string& bytes : {std::string(), std::string("\xff\xff"), std::string(2000, 'x'),
                                   GoodHeader().SerializeAsString().substr(1)}) {
    EXPECT_THAT(DecodeHeader(bytes), IsRejectedFor(RejectReason::kPackHeaderMismatch));
  }
}

TEST(PackLabelTest, ReadsWhatItWrites) {
  Label label;
  label.threat_name = "Trojan.Größe";
  label.categories = {Category::kMalware, Category::kBotnetC2};
  label.product = "nginx";
  label.vendor = "Debian";
  label.version = "1.22.1-9";
  ASSERT_OK_AND_ASSIGN(std::string encoded, EncodeLabel(label));
  ASSERT_OK_AND_ASSIGN(Label read, DecodeLabel(encoded, PackLimits()));
  EXPECT_EQ(read, label);
}

TEST(PackLabelTest, RefusesWhatCannotBeEncoded) {
  Label empty;
  Label longer;
  longer.vendor = std::string(256, 'v');
  Label not_text;
  not_text.version = "1.\xc0\xaf";
  Label unsorted;
  unsorted.categories = {Category::kScam, Category::kMalware};
  Label twice;
  twice.categories = {Category::kScam, Category::kScam};
  for (const Label& label : {empty, longer, not_text, unsorted, twice}) {
    EXPECT_THAT(EncodeLabel(label), IsRejectedFor(RejectReason::kPackBadRecord));
  }
  longer.vendor.resize(255);
  EXPECT_THAT(EncodeLabel(longer), testing::IsOk());
}

TEST(PackLabelTest, RefusesWhatIsNoLabel) {
  v1::PackLabel longer;
  longer.set_product(std::string(256, 'p'));
  v1::PackLabel unsorted;
  unsorted.add_categories(v1::CATEGORY_SCAM);
  unsorted.add_categories(v1::CATEGORY_MALWARE);
  v1::PackLabel zero;
  zero.add_categories(v1::CATEGORY_UNSPECIFIED);
  for (const std::string& bytes :
       {longer.SerializeAsString(), unsorted.SerializeAsString(), zero.SerializeAsString(),
        std::string("\x0a\x05 cut"), std::string("\x0a\x02\xc0\xaf"), std::string(2049, '\0')}) {
    EXPECT_THAT(DecodeLabel(bytes, PackLimits()), IsRejectedFor(RejectReason::kPackBadRecord))
        << absl::CHexEscape(bytes.substr(0, 40));
  }
}

TEST(PackLabelTest, KeepsCategoriesItDoesNotKnowAndDropsThoseItCannotHold) {
  v1::PackLabel message;
  message.add_categories(v1::CATEGORY_SCAM);
  message.add_categories(static_cast<v1::Category>(200));
  message.add_categories(static_cast<v1::Category>(70000));
  ASSERT_OK_AND_ASSIGN(Label label, DecodeLabel(message.SerializeAsString(), PackLimits()));
  EXPECT_THAT(label.categories, ElementsAre(Category::kScam, static_cast<Category>(200)));
}

TEST(AssignLabelIdsTest, DependsOnTheSetAlone) {
  std::set<Label> labels;
  for (int i = 0; i < 1000; ++i) {
    Label label;
    label.threat_name = "Threat." + std::to_string(i);
    labels.insert(label);
  }
  ASSERT_OK_AND_ASSIGN(auto ids, AssignLabelIds(labels));
  ASSERT_OK_AND_ASSIGN(auto again, AssignLabelIds(labels));
  EXPECT_EQ(ids, again);
  std::set<uint32_t> distinct;
  for (const auto& [label, id] : ids) distinct.insert(id);
  EXPECT_THAT(distinct, SizeIs(labels.size()));
  EXPECT_EQ(distinct.count(0), 0u);
}

// The id of {threat_name: "a"} is the start of SHA-256(0a 01 61), by hashlib.
TEST(AssignLabelIdsTest, TakesTheFirstBytesOfTheHash) {
  Label label;
  label.threat_name = "a";
  ASSERT_OK_AND_ASSIGN(auto ids, AssignLabelIds({label}));
  EXPECT_EQ(ids[label], 0x23dca2a7u);
}

TEST(AssignLabelIdsTest, RefusesALabelThatCannotBeEncoded) {
  EXPECT_THAT(AssignLabelIds({Label()}), HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace cloister::storage
