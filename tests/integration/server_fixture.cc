#include "tests/integration/server_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "nlohmann/json.hpp"
#include "reputation/object.h"
#include "storage/files/files.h"

namespace cloister::testing {
namespace {

using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;

nlohmann::json Addresses(const std::string& path) {
  return nlohmann::json::parse(ReadTestFile(path), nullptr, false);
}

}  // namespace

std::string ServerFixture::WriteConfiguration() {
  const std::string path = directory_ / "cloisterd.toml";
  const std::string text = absl::StrCat(
      "data_directory = \"data\"\nspool_directory = \"spool\"\n", "[listen]\n", listen_,
      "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\nclient_ca = \"ca.pem\"\n",
      "[metrics]\naddress = \"", metrics_, "\"\n",
      "[[identity]]\nname = \"gateway.test.invalid\"\nrole = \"gateway\"\n",
      "[[identity]]\nname = \"operator.test.invalid\"\nrole = \"operator\"\n",
      "[storage]\nreserve_bytes = 0\n[updates]\npoll_interval_ms = 20\n", updates_,
      "[[feed]]\nname = \"threats\"\nroot = \"", feed_.RootPath(), "\"\n", more_);
  EXPECT_THAT(storage::WriteFileAtomically(path, text), IsOk());
  return path;
}

void ServerFixture::Start() {
  const std::string addresses = directory_ / "addresses.json";
  std::filesystem::remove(addresses);
  absl::StatusOr<std::unique_ptr<Process>> started =
      Process::Start({.argv = {ProgramPath("cloisterd"), "--config", WriteConfiguration(),
                               "--address-file", addresses}});
  ASSERT_THAT(started, IsOk());
  server_ = *std::move(started);
  ASSERT_THAT(server_->WaitForText("serving", kPatience), IsOk());
  ASSERT_THAT(WaitForFile(addresses, kPatience), IsOk());
}

void ServerFixture::Stop() {
  ASSERT_THAT(server_->Signal(SIGTERM), IsOk());
  ASSERT_OK_AND_ASSIGN(int exit_code, server_->Wait(kPatience));
  EXPECT_EQ(exit_code, 0) << server_->errors();
}

ProcessResult ServerFixture::RunToEnd(const std::vector<std::string>& arguments) {
  ProcessOptions options;
  options.argv = {ProgramPath("cloisterd"), "--config", WriteConfiguration()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  absl::StatusOr<ProcessResult> result = RunProcess(options, kPatience);
  EXPECT_THAT(result, IsOk());
  return result.ok() ? *result : ProcessResult();
}

void ServerFixture::HandOverAndExpectTaken() {
  feed_.HandOver();
  const std::string taken = absl::StrCat("update taken feed=threats version=", feed_.version());
  ASSERT_THAT(server_->WaitForText(taken, kPatience), IsOk()) << server_->errors();
}

void ServerFixture::ExpectRefused(const std::string& reason) {
  const std::string refused = absl::StrCat("update refused feed=threats reason=", reason);
  ASSERT_THAT(server_->WaitForText(refused, kPatience), IsOk()) << server_->errors();
}

void ServerFixture::ServeSamples() {
  feed_.AlsoCovers(reputation::LookupForm::kFileMd5);
  feed_.PublishSnapshot({
      ListingOf(ObjectKind::kFile, std::string(64, 'a'), Verdict::kMalicious, "Test.File"),
      ListingOf(ObjectKind::kFile, std::string(64, 'b'), Verdict::kKnown),
      ListingOf(ObjectKind::kUrl, "http://downloads.example.com/installer.exe", Verdict::kMalicious,
                "Test.Url"),
      ListingOf(ObjectKind::kHost, "phishing.example", Verdict::kMalicious, "Test.Host",
                Scope::kSubtree),
      ListingOf(ObjectKind::kIp, "192.0.2.0/24", Verdict::kSuspicious, "Test.Net"),
  });
  HandOverAndExpectTaken();
}

std::string ServerFixture::GrpcAddress() const {
  return Addresses(directory_ / "addresses.json")["grpc"].get<std::string>();
}

std::string ServerFixture::MetricsAddress() const {
  return Addresses(directory_ / "addresses.json")["metrics"].get<std::string>();
}

std::shared_ptr<grpc::Channel> ServerFixture::ChannelFor(const CertificateFiles& client) const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadTestFile(certificates_.authority.certificate());
  if (!client.certificate.empty()) {
    options.pem_cert_chain = ReadTestFile(client.certificate);
    options.pem_private_key = ReadTestFile(client.key);
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  return grpc::CreateCustomChannel(GrpcAddress(), grpc::SslCredentials(options), arguments);
}

std::unique_ptr<v1::ReputationService::Stub> ServerFixture::Gateway() const {
  return v1::ReputationService::NewStub(ChannelFor(certificates_.gateway));
}

std::unique_ptr<v1::AdminService::Stub> ServerFixture::Operator() const {
  return v1::AdminService::NewStub(ChannelFor(certificates_.operator_));
}

grpc::Status ServerFixture::Lookup(v1::ObjectKind kind, const std::string& text,
                                   v1::LookupResponse* response, v1::LookupContext met) const {
  v1::LookupRequest request;
  request.mutable_object()->set_kind(kind);
  request.mutable_object()->set_text(text);
  request.set_context(met);
  return Gateway()->Lookup(CallContext().get(), request, response);
}

v1::LookupResponse ServerFixture::LookupOrFail(v1::ObjectKind kind, const std::string& text,
                                               v1::LookupContext met) const {
  v1::LookupResponse response;
  const grpc::Status status = Lookup(kind, text, &response, met);
  EXPECT_TRUE(status.ok()) << text << ": " << status.error_message();
  return response;
}

std::unique_ptr<grpc::ClientContext> CallContext(absl::Duration timeout) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  return context;
}

absl::StatusOr<int> CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& service) {
  // HealthCheckRequest { string service = 1; }, HealthCheckResponse { ServingStatus status = 1; }
  const std::string request =
      absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientContext> context = CallContext();
  auto call = stub.PrepareUnaryCall(context.get(), "/grpc.health.v1.Health/Check", sent, &queue);
  call->StartCall();
  grpc::ByteBuffer received;
  grpc::Status status;
  call->Finish(&received, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  std::vector<grpc::Slice> slices;
  received.Dump(&slices);
  if (slices.size() != 1 || slices[0].size() != 2) return 0;
  return slices[0].begin()[1];
}

std::string FetchMetrics(const std::string& address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(port));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer), 0) << address;
  const std::string request = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string body;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
    body.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  return body;
}

}  // namespace cloister::testing
