require 'net/smtp'
s=Net::SMTP.new('127.0.0.1',22525); s.disable_starttls rescue nil; s.set_debug_output($stderr)
begin
s.start('client.test','alice',ARGV[0],:login){|x| x.send_message("Subject: t\r\n\r\nhello\r\n.dot\r\n",'a@lab.test',['bob@lab.test'])}
rescue => e; $stderr.puts e.inspect; end
