#include <string>

#include "gmock/gmock.h"
#include "sync/trust/hash.h"
#include "sync/trust/updater.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using reputation::RejectReason;

constexpr char kPath[] = "feed/full-1-1.sst";
constexpr char kContent[] = "some content of a pack";

class TargetFetch : public TrustFixture {
 protected:
  TargetFetch() {
    upstream_.AddTarget(kPath, kContent);
    target_.length = sizeof(kContent) - 1;
    target_.hashes = {{"sha256", HashHex("sha256", kContent)}};
  }

  absl::Status Fetch() {
    received_.clear();
    return FetchTarget(upstream_, kPath, target_, [this](absl::string_view bytes) {
      received_.append(bytes.data(), bytes.size());
      return absl::OkStatus();
    });
  }

  std::string& Served() { return upstream_.target_files[ConsistentTargetName(kPath, target_)]; }

  TargetFile target_;
  std::string received_;
};

TEST_F(TargetFetch, GivesTheSinkWhatIsSigned) {
  ASSERT_THAT(Fetch(), IsOk());
  EXPECT_EQ(received_, kContent);
  EXPECT_EQ(upstream_.fetched.back(), "feed/" + HashHex("sha256", kContent) + ".full-1-1.sst");
}

TEST_F(TargetFetch, ChecksEveryKnownHash) {
  target_.hashes["sha512"] = HashHex("sha512", kContent);
  target_.hashes["blake2b-256"] = "unknown algorithms are passed over";
  EXPECT_THAT(Fetch(), IsOk());
  target_.hashes["sha512"] = HashHex("sha512", "other");
  EXPECT_THAT(Fetch(), IsRejectedFor(RejectReason::kTargetHashMismatch));
}

TEST_F(TargetFetch, ArbitrarySoftware) {
  Served()[3] ^= 1;
  EXPECT_THAT(Fetch(), IsRejectedFor(RejectReason::kTargetHashMismatch));
}

TEST_F(TargetFetch, Truncated) {
  Served().pop_back();
  EXPECT_THAT(Fetch(), IsRejectedFor(RejectReason::kTargetHashMismatch));
  Served().clear();
  EXPECT_THAT(Fetch(), IsRejectedFor(RejectReason::kTargetHashMismatch));
}

TEST_F(TargetFetch, EndlessData) {
  Served() += std::string(1000, 'x');
  EXPECT_THAT(Fetch(), IsRejectedFor(RejectReason::kTargetTooLarge));
  EXPECT_EQ(received_, "");
  // Even from a fetcher that does not keep its promise, the sink sees no more than is listed.
  upstream_.ignores_bounds = true;
  EXPECT_THAT(Fetch(), IsRejectedFor(RejectReason::kTargetTooLarge));
  EXPECT_LE(received_.size(), target_.length);
}

TEST_F(TargetFetch, Missing) {
  upstream_.target_files.clear();
  EXPECT_THAT(Fetch(), IsRejectedFor(RejectReason::kTargetMissing));
}

TEST_F(TargetFetch, SinkEndsTheFetch) {
  EXPECT_THAT(FetchTarget(upstream_, kPath, target_,
                          [](absl::string_view) { return absl::AbortedError("enough"); }),
              HasCode(absl::StatusCode::kAborted));
  EXPECT_THAT(FetchTarget(upstream_, kPath, target_,
                          [](absl::string_view) { return absl::NotFoundError("the sink's own"); }),
              HasCode(absl::StatusCode::kNotFound));
}

// A partial target in memory.
class KeptBytes : public PartialTarget {
 public:
  absl::Status Replay(const ByteSink& sink) override { return sink(bytes); }
  absl::Status Append(absl::string_view piece) override {
    if (bytes.size() + piece.size() > room) return absl::ResourceExhaustedError("no room");
    bytes.append(piece.data(), piece.size());
    return absl::OkStatus();
  }
  absl::Status Clear() override {
    bytes.clear();
    return absl::OkStatus();
  }

  std::string bytes;
  size_t room = 1000;
};

class TargetResume : public TargetFetch {
 protected:
  absl::Status Resume(const std::string& kept) {
    kept_.bytes = kept;
    upstream_.fetched.clear();
    return ResumeTarget(upstream_, kPath, target_, kept_);
  }

  KeptBytes kept_;
};

TEST_F(TargetResume, GoesOnWhereItEnded) {
  const std::string content = kContent;
  for (size_t size = 0; size < content.size(); ++size) {
    ASSERT_THAT(Resume(content.substr(0, size)), IsOk()) << size;
    EXPECT_EQ(kept_.bytes, content);
    EXPECT_EQ(upstream_.fetched.size(), 1u);
  }
}

TEST_F(TargetResume, AsksForNothingWhereAllIsThere) {
  upstream_.target_files.clear();
  EXPECT_THAT(Resume(kContent), IsOk());
  EXPECT_TRUE(upstream_.fetched.empty());
}

TEST_F(TargetResume, BeginsAnewWhereWhatWasThereIsWrong) {
  const std::string content = kContent;
  for (const std::string& wrong :
       {std::string("some c0ntent"), content.substr(0, 21) + "?", content + "and more"}) {
    ASSERT_THAT(Resume(wrong), IsOk()) << wrong;
    EXPECT_EQ(kept_.bytes, content);
  }
}

TEST_F(TargetResume, NothingStaysOfWrongContent) {
  Served()[9] ^= 1;
  EXPECT_THAT(Resume(""), IsRejectedFor(RejectReason::kTargetHashMismatch));
  EXPECT_EQ(kept_.bytes, "");
  EXPECT_EQ(upstream_.fetched.size(), 1u);
  // A second time from the beginning, and no more.
  EXPECT_THAT(Resume("some "), IsRejectedFor(RejectReason::kTargetHashMismatch));
  EXPECT_EQ(kept_.bytes, "");
  EXPECT_EQ(upstream_.fetched.size(), 2u);
}

TEST_F(TargetResume, EndlessDataIsNoBeginning) {
  Served() += std::string(1000, 'x');
  EXPECT_THAT(Resume("some "), IsRejectedFor(RejectReason::kTargetTooLarge));
  EXPECT_EQ(kept_.bytes, "");
}

TEST_F(TargetResume, WhatCameStaysWhereTheSinkOrTheWayFails) {
  kept_.room = 10;
  EXPECT_THAT(Resume("some "), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(kept_.bytes.substr(0, 5), "some ");
  upstream_.target_files.clear();
  EXPECT_THAT(Resume("some "), IsRejectedFor(RejectReason::kTargetMissing));
  EXPECT_EQ(kept_.bytes, "some ");
}

TEST(ConsistentTargetName, HasTheHashBeforeTheLastComponent) {
  TargetFile target;
  target.hashes = {{"sha256", std::string(64, 'a')}};
  const std::string hash(64, 'a');
  EXPECT_EQ(ConsistentTargetName("x.sst", target), hash + ".x.sst");
  EXPECT_EQ(ConsistentTargetName("a/b/x.sst", target), "a/b/" + hash + ".x.sst");
  EXPECT_EQ(ConsistentTargetName("../..", target), "../" + hash + "...");
  const std::string longer(128, 'b');
  target.hashes = {{"sha512", longer}};
  EXPECT_EQ(ConsistentTargetName("x.sst", target), longer + ".x.sst");
}

}  // namespace
}  // namespace cloister::trust
