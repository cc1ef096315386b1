#include "tests/bench/transport.h"

#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <vector>

namespace cloister::bench {
namespace {

constexpr absl::Duration kValid = absl::Hours(24 * 30);

std::shared_ptr<grpc::ChannelCredentials> Credentials(const Target& target) {
  if (!target.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = testing::ReadTestFile(target.tls->authority);
  options.pem_private_key = testing::ReadTestFile(target.tls->client.key);
  options.pem_cert_chain = testing::ReadTestFile(target.tls->client.certificate);
  return grpc::SslCredentials(options);
}

}  // namespace

std::string TransportName(Transport transport) {
  if (transport == Transport::kMutualTls) return "mTLS";
  return transport == Transport::kUnix ? "unix socket" : "TCP";
}

TlsFiles MakeTlsFiles(const std::string& directory) {
  const testing::CertificateAuthority authority(directory);
  TlsFiles files;
  files.authority = authority.certificate();
  files.server = authority.Issue("server", {.common_name = "bench",
                                            .subject_alternative_names = {"IP:127.0.0.1"},
                                            .server = true,
                                            .remaining = kValid});
  files.client =
      authority.Issue("client", {.common_name = "client",
                                 .subject_alternative_names = {std::string("DNS:") + kClientName},
                                 .remaining = kValid});
  return files;
}

std::shared_ptr<grpc::Channel> NewConnection(const Target& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // otherwise channels share one
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(target.address, Credentials(target), arguments);
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size(), grpc::Slice::STATIC_SLICE);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

absl::Status ToStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::StatusOr<std::string> CallOnce(const Target& target, const std::string& method,
                                     const std::string& request, absl::Duration timeout) {
  grpc::GenericStub stub(NewConnection(target));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  const auto reader = stub.PrepareUnaryCall(&context, method, ToBuffer(request), &queue);
  grpc::ByteBuffer answer;
  grpc::Status status;
  void* tag = nullptr;
  bool ok = false;
  reader->StartCall();
  reader->Finish(&answer, &status, nullptr);
  queue.Next(&tag, &ok);
  if (!status.ok()) return ToStatus(status);
  return ToBytes(answer);
}

}  // namespace cloister::bench
