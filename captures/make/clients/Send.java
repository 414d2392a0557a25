import jakarta.mail.*; import jakarta.mail.internet.*; import java.util.*;
public class Send { public static void main(String[] a) throws Exception { Properties p=new Properties(); p.put("mail.smtp.host","127.0.0.1"); p.put("mail.smtp.port","22525"); p.put("mail.smtp.auth","true"); p.put("mail.smtp.localhost","client.test");
 if(a.length>1) p.put("mail.debug.auth","true"); if(a.length>2){p.put("mail.smtp.starttls.enable","true");p.put("mail.smtp.ssl.trust","*");}
 Session s=Session.getInstance(p,new Authenticator(){protected PasswordAuthentication getPasswordAuthentication(){return new PasswordAuthentication("alice",a[0]);}}); s.setDebug(true);
 MimeMessage m=new MimeMessage(s); m.setFrom("a@lab.test"); m.setRecipients(Message.RecipientType.TO,"bob@lab.test"); m.setSubject("t"); m.setText("hello\n.dot\n250 fake\n"); Transport.send(m);} }
